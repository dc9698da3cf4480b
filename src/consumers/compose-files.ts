/** Compose files with mirrored names: an override file, or the file itself with other image names. */
import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';
import { isAlias, isMap, isScalar, isSeq, stringify } from 'yaml';
import type { Document, Scalar } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex } from './mirror-index.js';
import { applyEdits, invalid, nested, resolved, scalarEdit, textOf, valueAt, yamlDocuments } from './yaml-text.js';
import type { TextEdit } from './yaml-text.js';

/** A service of a compose project and its image, with variables replaced. */
export interface ServiceReference {
  readonly service: string;
  readonly reference: ImageReference;
}

/** A file that Compose merges over the project's own: `docker compose -f FILE -f OVERRIDE up`. */
export function composeOverride(
  services: readonly ServiceReference[],
  index: MirrorIndex,
  { where, comment }: { readonly where: string; readonly comment?: string | undefined },
): ConsumerOutput {
  const findings = new Findings();
  const named = services.flatMap(({ service, reference }) => {
    const found = index.find(reference);
    findings.note(found.note);
    if (found.kind === 'mirrored') return [];
    if (found.kind === 'missing') {
      findings.missing({
        image: printImageReference(reference),
        where: `${where}: service ${service}`,
        reason: found.reason,
      });
      return [];
    }
    return [[service, { image: found.text }] as const];
  });
  const body = stringify({ services: Object.fromEntries(named) }, { lineWidth: 0 });
  return findings.output(oneFile(comment === undefined ? body : `# ${comment}\n${body}`));
}

/**
 * The compose file itself with mirrored names: all other characters of the text stay as they are.
 *
 * @param services those of the whole project; an image that this file does not define is a gap
 * @throws InvalidInput if the text is not a compose file
 */
export function composeRewrite(
  text: string,
  services: readonly ServiceReference[],
  index: MirrorIndex,
  where: string,
): ConsumerOutput {
  const findings = new Findings();
  const [first, second] = yamlDocuments(text, where);
  if (first === undefined || !isMap(first.document.contents)) throw invalid(where, 'it is not a map with services');
  if (second !== undefined) throw invalid(where, 'it has several YAML documents; a compose file has one');
  const { document, lineOf } = first;
  const edits: TextEdit[] = [];
  const texts = new Map<Scalar, string>();
  for (const { service, reference } of services) {
    const image = printImageReference(reference);
    const node = nested(where, () => imageOf(service, document));
    const found = index.find(reference);
    findings.note(found.note);
    if (found.kind === 'mirrored') continue;
    if (node === undefined) {
      findings.gap(
        `service ${service} (${image}) has its image in another file, which it includes or extends: rewrite that file, too, or use the override file`,
      );
      continue;
    }
    const at = `${where}:${lineOf(node)}: service ${service}`;
    if (found.kind === 'missing') {
      findings.missing({ image, where: at, reason: found.reason });
      continue;
    }
    const before = texts.get(node);
    if (before !== undefined && before !== found.text) {
      findings.gap(`${at}: its image is shared with another service, where it is ${before}`);
      continue;
    }
    if (before !== undefined) continue;
    texts.set(node, found.text);
    const written = String(node.value);
    if (written.includes('$'))
      findings.note(`${at}: ${written} is now ${found.text}; its variables have no effect any more`);
    edits.push(scalarEdit(text, node, found.text));
  }
  return findings.output(oneFile(applyEdits(text, edits)));
}

const longestChain = 50;

/** The scalar that gives a service its image: its own, or one that it merges or extends in this file. */
function imageOf(service: string, document: Document.Parsed): Scalar | undefined {
  const services = valueAt(document.contents, 'services', document);
  const seen = new Set<string>();
  for (let name: string | undefined = service; name !== undefined && seen.size < longestChain;) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    const definition = mergedValue(services, name, document, 0);
    const image = mergedValue(definition, 'image', document, 0);
    if (isScalar(image) && textOf(image) !== undefined) return image;
    name = extendedService(definition, document);
  }
  return undefined;
}

/** A service of the same file that this one extends. */
function extendedService(definition: unknown, document: Document.Parsed): string | undefined {
  const extended = mergedValue(definition, 'extends', document, 0);
  if (isScalar(extended)) return textOf(extended);
  return valueAt(extended, 'file', document) === undefined ? textOf(valueAt(extended, 'service', document)) : undefined;
}

/** The value of a key, also by merge keys: a map's own key first, then the first of the merged maps that has it. */
function mergedValue(node: unknown, key: string, document: Document.Parsed, depth: number): unknown {
  if (!isMap(node) || depth > longestChain) return undefined;
  const own = valueAt(node, key, document);
  if (own !== undefined) return own;
  for (const item of node.items) {
    if (!isScalar(item.key) || item.key.value !== '<<') continue;
    const merged = resolved(item.value, document);
    const maps: readonly unknown[] = isSeq(merged) ? merged.items : [merged];
    for (const map of maps) {
      const found = mergedValue(isAlias(map) ? resolved(map, document) : map, key, document, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
