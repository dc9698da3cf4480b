/** Images in the values of a Helm chart: `{registry, repository, tag, digest}` and texts. */
import type { ImageReference } from '@image-ferry/registry/reference';
import { isMap, isScalar, isSeq } from 'yaml';
import type { Document, YAMLMap } from 'yaml';

import { referenceOf } from '../domain/image-text.js';
import { likelyReference } from './manifest-images.js';
import { invalid, nested, textOf, yamlDocuments } from './yaml-text.js';
import type { YamlDocument } from './yaml-text.js';

export type ValuePath = readonly (string | number)[];

/** An image in values. */
export type ValueImage = { readonly path: ValuePath; readonly where: string } & (
  | { readonly form: 'text'; readonly reference: ImageReference }
  | {
      readonly form: 'parts';
      /** Without tag and digest: the chart chooses the tag, mostly its `appVersion`. */
      readonly reference: ImageReference;
      readonly hasTag: boolean;
      readonly hasRegistry: boolean;
      readonly hasDigest: boolean;
    }
);

export interface ChartValues {
  readonly images: readonly ValueImage[];
  /** The whole file as a value. */
  readonly values: unknown;
  /** `global.imageRegistry` and the like, if they are set. */
  readonly globalRegistry?: string | undefined;
}

/** @throws InvalidInput if the text is not one YAML map */
export function chartValues(text: string, where: string): ChartValues {
  const [first, second] = yamlDocuments(text, where);
  if (first === undefined) throw invalid(where, 'it is not a map of values');
  if (second !== undefined) throw invalid(where, 'it has several YAML documents; a values file has one');
  const { contents } = first.document;
  if (!isMap(contents)) throw invalid(where, 'it is not a map of values');
  const images: ValueImage[] = [];
  nested(where, () => walk(contents, [], { read: first, where, images }));
  const values = nested(where, () => plainValues(first.document, where));
  const globals = contents.get('global', true);
  const registry = isMap(globals)
    ? ['imageRegistry', 'registry'].map((key) => textOf(globals.get(key, true))).find((value) => (value ?? '') !== '')
    : undefined;
  return { images, values, globalRegistry: registry };
}

/** Aliases that would expand to far more than the file has are refused. */
function plainValues(document: Document.Parsed, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 });
  } catch (error) {
    if (error instanceof ReferenceError) throw invalid(where, `its aliases cannot be resolved: ${error.message}`);
    throw error;
  }
}

interface Walk {
  readonly read: YamlDocument;
  readonly where: string;
  readonly images: ValueImage[];
}

function walk(node: unknown, path: ValuePath, walking: Walk): void {
  if (isSeq(node)) for (const [at, item] of node.items.entries()) walk(item, [...path, at], walking);
  if (!isMap(node)) return;
  const parts = partsAt(node, path, walking);
  if (parts !== undefined) walking.images.push(parts);
  for (const { key, value } of node.items) {
    const name = textOf(key);
    if (name === undefined) continue;
    const inside = [...path, name];
    if (isScalar(value) && /image$/i.test(name)) {
      const reference = likelyReference(textOf(value) ?? '');
      const where = `${walking.where}:${walking.read.lineOf(value)}: ${inside.join('.')}`;
      if (reference !== undefined) walking.images.push({ form: 'text', path: inside, where, reference });
    }
    walk(value, inside, walking);
  }
}

function partsAt(node: YAMLMap, path: ValuePath, { read, where }: Walk): ValueImage | undefined {
  const repository = textOf(node.get('repository', true)) ?? '';
  const registry = textOf(node.get('registry', true)) ?? '';
  const tag = textOf(node.get('tag', true)) ?? '';
  const digest = (textOf(node.get('digest', true)) ?? textOf(node.get('sha', true)) ?? '').replace(
    /^(?=[0-9a-f]{64}$)/,
    'sha256:',
  );
  const isOfImage =
    node.has('tag') || node.has('registry') || node.has('digest') || /image$/i.test(String(path.at(-1) ?? ''));
  if (repository === '' || !isOfImage) return undefined;
  const text = `${registry === '' ? '' : `${registry}/`}${repository}${tag === '' ? '' : `:${tag}`}${digest === '' || tag.includes('@') ? '' : `@${digest}`}`;
  const reference = readable(text);
  if (reference === undefined) return undefined;
  return {
    form: 'parts',
    path,
    where: `${where}:${read.lineOf(node)}: ${path.join('.')}`,
    reference,
    hasTag: tag !== '' || digest !== '',
    hasRegistry: node.has('registry'),
    hasDigest: node.has('digest'),
  };
}

/** `repository` may be that of a chart or of Git. */
function readable(text: string): ImageReference | undefined {
  return text.includes('://') || text.includes('{{') ? undefined : referenceOf(text);
}
