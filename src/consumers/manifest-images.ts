/** Image names in Kubernetes YAML: those of pods for certain, and other texts that look like one. */
import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';
import { isMap, isScalar, isSeq } from 'yaml';
import type { Scalar } from 'yaml';

import { InvalidInput } from '../domain/ferry-error.js';
import { referenceOf } from '../domain/image-text.js';
import { invalid, nested, textOf, yamlDocuments } from './yaml-text.js';
import type { YamlDocument } from './yaml-text.js';

/** A text of a manifest that names an image. */
export interface ManifestImage {
  /** As written, without what stands before it in an argument. */
  readonly written: string;
  readonly reference: ImageReference;
  readonly node: Scalar;
  /** What stands before the image in the scalar: `--config-reloader=`. */
  readonly before: string;
  /** `FILE:LINE: path` */
  readonly where: string;
  readonly kind: ManifestImageKind;
}

/** `container`: of a pod; `ephemeral` and `volume`: of a pod, too; `likely`: any other text. */
export type ManifestImageKind = 'container' | 'ephemeral' | 'volume' | 'likely';

const containerKeys: Readonly<Record<string, ManifestImageKind>> = {
  containers: 'container',
  initContainers: 'container',
  ephemeralContainers: 'ephemeral',
};

/**
 * manifestImages reads every document; an alias is not followed, since its anchor is read where it is.
 *
 * @throws InvalidInput if the text is not YAML, a document is not a Kubernetes object, or an image cannot be read
 */
export function manifestImages(text: string, where: string): readonly ManifestImage[] {
  const images: ManifestImage[] = [];
  let objects = 0;
  for (const read of yamlDocuments(text, where)) {
    const { contents } = read.document;
    if (contents === null || (isScalar(contents) && contents.value === null)) continue;
    if (!isMap(contents) || !contents.has('apiVersion') || !contents.has('kind')) {
      throw invalid(
        where,
        `the document in line ${read.lineOf(contents)} is not a Kubernetes object: it has no apiVersion and kind`,
      );
    }
    objects += 1;
    nested(where, () => walk(contents, { read, where, path: '', images }));
  }
  if (objects === 0) throw invalid(where, 'it has no Kubernetes object');
  return images;
}

interface Walk {
  readonly read: YamlDocument;
  readonly where: string;
  readonly path: string;
  readonly images: ManifestImage[];
}

function walk(node: unknown, walking: Walk): void {
  const { path } = walking;
  if (isSeq(node)) {
    for (const [position, item] of node.items.entries()) walk(item, { ...walking, path: `${path}[${position}]` });
    if (/\.(?:args|command)$/.test(path))
      for (const item of node.items) addLikely(item, walking, /^(--?[\w.-]+=)(.+)$/);
    return;
  }
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const name = textOf(key) ?? '';
    const inside = { ...walking, path: `${path}.${name}` };
    const kind = containerKeys[name];
    if (isSeq(value)) {
      for (const [at, item] of value.items.entries()) {
        if (kind !== undefined) addContainer(item, kind, inside, at);
        else if (name === 'volumes') addVolume(item, inside, at);
      }
    }
    if (/image$/i.test(name) && isScalar(value) && !isContainerImage(inside.path)) addLikely(value, inside);
    walk(value, inside);
  }
  const variable = textOf(node.get('name', true));
  if (variable !== undefined && /image/i.test(variable))
    addLikely(node.get('value', true), { ...walking, path: `${path}.value` });
}

/** It was added as a container's. */
function isContainerImage(path: string): boolean {
  return /\.(?:containers|initContainers|ephemeralContainers)\[\d+\]\.image$/.test(path);
}

function addContainer(item: unknown, kind: ManifestImageKind, walking: Walk, at: number): void {
  if (!isMap(item)) return;
  const node = item.get('image', true);
  const path = `${walking.path}[${at}].image`;
  if (isScalar(node) && (textOf(node) ?? '') !== '') walking.images.push(certain(node, kind, { ...walking, path }));
}

function addVolume(item: unknown, walking: Walk, at: number): void {
  if (!isMap(item)) return;
  const volume = item.get('image', true);
  const node = isMap(volume) ? volume.get('reference', true) : undefined;
  const path = `${walking.path}[${at}].image.reference`;
  if (isScalar(node) && (textOf(node) ?? '') !== '') walking.images.push(certain(node, 'volume', { ...walking, path }));
}

function certain(node: Scalar, kind: ManifestImageKind, walking: Walk): ManifestImage {
  const written = textOf(node) ?? '';
  const at = placeOf(node, walking);
  return { written, reference: referenceAt(written, at), node, before: '', where: at, kind };
}

/** Of a text that must be an image. @throws InvalidInput naming the place */
export function referenceAt(text: string, where: string): ImageReference {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof InvalidInput) throw invalid(where, error.message);
    throw error;
  }
}

/** A text that is an image reference with a tag or digest; anything else is not one. */
function addLikely(node: unknown, walking: Walk, form = /^()(.+)$/): void {
  if (!isScalar(node)) return;
  const [, before = '', written = ''] = form.exec(textOf(node) ?? '') ?? [];
  const reference = likelyReference(written);
  if (reference === undefined) return;
  walking.images.push({ written, reference, node, before, where: placeOf(node, walking), kind: 'likely' });
}

/** Of a text that need not be an image. Undefined if it has no tag or digest, or cannot be one. */
export function likelyReference(text: string): ImageReference | undefined {
  const isVersioned = /[:@]/.test(text.slice(text.lastIndexOf('/') + 1));
  return isVersioned && !/\s|:\/\//.test(text) ? referenceOf(text) : undefined;
}

function placeOf(node: Scalar, { read, where, path }: Walk): string {
  return `${where}:${read.lineOf(node)}: ${path.replace(/^\./, '')}`;
}
