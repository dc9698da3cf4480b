import { interpolate } from '../domain/compose-interpolation.js';
import type { Lookup } from '../domain/compose-interpolation.js';
import { isObject } from '../domain/is-object.js';
import { folderOf, joinPath } from './repository-path.js';

/** One entry of `include` (Compose specification, "Include"), or the reason why it cannot be included. */
export type Include = { readonly what: string } & (
  | {
      readonly paths: readonly string[];
      readonly folder: string;
      readonly envFiles?: readonly string[] | undefined;
    }
  | { readonly reason: string }
);

/**
 * @param include as written: paths, or maps with `path`, `project_directory` and `env_file`
 * @param folder base of relative paths
 */
export function readIncludes(include: readonly unknown[], folder: string, lookup: Lookup): readonly Include[] {
  return include
    .filter((entry) => entry !== undefined && entry !== null)
    .map((entry) => {
      const fields = typeof entry === 'string' ? { path: entry } : entry;
      return readInclude(isObject(fields) ? fields : {}, folder, lookup);
    });
}

function readInclude(fields: Readonly<Record<string, unknown>>, folder: string, lookup: Lookup): Include {
  const written = textsOf(fields['path']);
  const what = written.join(', ');
  if (written.length === 0) return { what: 'entry', reason: 'it has no path' };
  const paths = resolve(written, folder, lookup);
  if ('reason' in paths) return { what, reason: paths.reason };
  const [first = ''] = paths.found;
  const directory = textsOf(fields['project_directory']);
  const placed = directory.length === 0 ? { found: [folderOf(first)] } : resolve(directory, folder, lookup, true);
  if ('reason' in placed) return { what, reason: placed.reason };
  const environment = textsOf(fields['env_file']);
  const envFiles = environment.length === 0 ? undefined : resolve(environment, folder, lookup);
  if (envFiles !== undefined && 'reason' in envFiles) return { what, reason: envFiles.reason };
  return { what, paths: paths.found, folder: placed.found[0] ?? '', envFiles: envFiles?.found };
}

function resolve(
  texts: readonly string[],
  folder: string,
  lookup: Lookup,
  mayBeRoot = false,
): { readonly found: readonly string[] } | { readonly reason: string } {
  const found: string[] = [];
  for (const text of texts) {
    const read = interpolate(text, lookup);
    if (read.kind === 'fault') return { reason: `its path ${text} is invalid: ${read.reason}` };
    if (read.unset.length > 0) return { reason: `its path ${text} needs ${read.unset.join(', ')}, which has no value` };
    const path = joinPath(folder, read.text);
    if (path === '' && !mayBeRoot) return { reason: `${read.text} is not a file of the project` };
    found.push(path);
  }
  return { found };
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((text) => typeof text === 'string');
}
