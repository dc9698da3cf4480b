import { blobsOf, foreignLayers } from '../blobs/image-blobs.js';
import type { Blob } from '../blobs/image-blobs.js';
import { RegistryError } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import type { ChildDescriptor } from '../oci/source-manifest.js';
import type { TagComposition } from '../oci/tag-composition.js';
import type { Content } from './content-cache.js';
import type { ManifestReader, ReadManifest } from './manifest-reader.js';

/** Indexes may hold indexes. Real ones are not deeper than this, and no loop is possible: no digest contains itself. */
const maxLevels = 5;

/** A manifest that a target's tag needs, with the blobs that it needs itself. */
export interface RequiredManifest {
  readonly content: Content;
  readonly blobs: readonly Blob[];
  /** Levels of indexes down to the images: 0 for an image. Manifests of one level do not need each other. */
  readonly height: number;
  /** Its layers that live at other addresses. */
  readonly foreign: readonly Digest[];
}

/**
 * Everything that a tag points to, in the order in which it is put: children before the index that lists them, the
 * tag's own manifest last.
 *
 * @throws RegistryError of the source
 */
export async function requiredManifests(
  reader: ManifestReader,
  root: ReadManifest,
  { root: tagRoot, children }: TagComposition,
): Promise<readonly RequiredManifest[]> {
  const required = new Map<Digest, RequiredManifest>();
  await reader.expect(children);
  await reader.readAll(children.map(({ digest }) => digest));
  for (const child of children) await collectRequired(reader, child.digest, required);
  if (tagRoot.kind === 'index') {
    const { digest, mediaType, json } = tagRoot;
    required.set(digest, {
      content: { digest, mediaType, body: Buffer.from(json, 'utf8') },
      height: heightOver(children, required),
      blobs: [],
      foreign: [],
    });
  } else {
    const { content, manifest } = tagRoot.kind === 'source' ? root : await reader.read(tagRoot.digest);
    if (tagRoot.kind === 'child' && manifest.kind === 'index') await collectRequired(reader, content.digest, required);
    else required.set(content.digest, requiredManifest(reader, { content, manifest }, required));
  }
  return [...required.values()];
}

/** Adds a manifest and everything that it lists, children first. @throws RegistryError of the source */
export async function collectRequired(
  reader: ManifestReader,
  digest: Digest,
  required: Map<Digest, RequiredManifest>,
  level = 1,
): Promise<void> {
  if (required.has(digest)) return;
  const read = await reader.read(digest);
  if (level > maxLevels) {
    const message = `${reader.nameOf(digest)} is part of an image with more than ${maxLevels} levels of indexes`;
    throw new RegistryError(message, { code: 'manifest-unsupported', decision: 'block' });
  }
  if (read.manifest.kind === 'index') {
    await reader.expect(read.manifest.children);
    for (const child of read.manifest.children) await collectRequired(reader, child.digest, required, level + 1);
  }
  required.set(digest, requiredManifest(reader, read, required));
}

function requiredManifest(
  reader: ManifestReader,
  { content, manifest }: ReadManifest,
  required: ReadonlyMap<Digest, RequiredManifest>,
): RequiredManifest {
  if (manifest.kind === 'index')
    return { content, height: heightOver(manifest.children, required), blobs: [], foreign: [] };
  const name = reader.nameOf(content.digest);
  return { content, height: 0, blobs: blobsOf(manifest.json, name), foreign: foreignLayers(manifest.json, name) };
}

function heightOver(
  children: readonly Pick<ChildDescriptor, 'digest'>[],
  required: ReadonlyMap<Digest, RequiredManifest>,
): number {
  return 1 + Math.max(0, ...children.map(({ digest }) => required.get(digest)?.height ?? 0));
}
