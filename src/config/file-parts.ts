/** Parts of a YAML document, before and after its validation. */

type Mapping = Readonly<Record<string, unknown>>;
type YamlPath = readonly PropertyKey[];

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sections whose entries are meaningful without a value, which counts as empty. */
const named: readonly string[] = ['targets', 'hosts', 'upstreams'];

/** Returns the document without empty sections, which users leave behind when they delete the last entry. */
export function filled(document: unknown): unknown {
  if (document === null || document === undefined) return {};
  if (!isMapping(document)) return document;
  const sections = Object.entries(document).filter(([, section]) => section !== null);
  return Object.fromEntries(
    sections.map(([key, section]) => {
      if (!named.includes(key) || !isMapping(section)) return [key, section];
      return [key, Object.fromEntries(Object.entries(section).map(([name, entry]) => [name, entry ?? {}]))];
    }),
  );
}

/** The paths of a validation error; unrecognized keys are reported at their mapping. */
export function pathsOf(issue: { readonly path: YamlPath; readonly keys?: readonly string[] }): readonly YamlPath[] {
  return issue.keys === undefined ? [issue.path] : issue.keys.map((key) => [...issue.path, key]);
}

/** Returns the document without the section entries that contain these paths. */
export function without(document: unknown, paths: readonly YamlPath[]): unknown {
  if (!isMapping(document) || paths.some((path) => path.length === 0)) return {};
  const isGone = (...keys: readonly string[]): boolean => paths.some((path) => same(path.slice(0, 2), keys));
  return Object.fromEntries(
    Object.entries(document)
      .filter(([key]) => !isGone(key))
      .map(([key, section]) => {
        if (!isMapping(section)) return [key, section];
        return [key, Object.fromEntries(Object.entries(section).filter(([name]) => !isGone(key, name)))];
      }),
  );
}

function same(path: YamlPath, keys: readonly string[]): boolean {
  return path.length === keys.length && path.every((key, index) => String(key) === keys[index]);
}
