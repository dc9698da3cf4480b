import { randomBytes } from 'node:crypto';

import { sha256 } from './scripted-registry.js';
import type { ScriptedRegistry } from './scripted-registry.js';

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

export interface PlacedManifest {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly mediaType: string;
}

export interface PlacedImage extends PlacedManifest {
  readonly layers: readonly string[];
  readonly config: string;
  readonly platform: { readonly os: string; readonly architecture: string };
}

/** Puts an image of these layers into a scripted registry. A copy does not require the layers' bytes to be archives. */
export function placeImage(
  registry: ScriptedRegistry,
  repository: string,
  {
    tag = 'v1',
    layers = [randomBytes(2000)],
    architecture = 'amd64',
  }: { readonly tag?: string; readonly layers?: readonly Buffer[]; readonly architecture?: string } = {},
): PlacedImage {
  const platform = { os: 'linux', architecture };
  const config = json({ ...platform, rootfs: { type: 'layers', diff_ids: layers.map(sha256) } });
  for (const blob of [config, ...layers]) registry.putBlob(repository, blob);
  const bytes = json({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(mediaTypes.config, config),
    layers: layers.map((layer) => describe(mediaTypes.layer, layer)),
  });
  const digest = registry.putManifest(repository, tag, { mediaType: mediaTypes.manifest, bytes });
  return {
    digest,
    bytes,
    mediaType: mediaTypes.manifest,
    platform,
    layers: layers.map(sha256),
    config: sha256(config),
  };
}

/** Puts an index of existing manifests; each entry can have more fields. */
export function placeIndex(
  registry: ScriptedRegistry,
  repository: string,
  children: readonly (PlacedManifest & { readonly fields?: object; readonly platform?: object })[],
  tag = 'v1',
): PlacedManifest {
  const bytes = json({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: children.map(({ mediaType, digest, bytes: content, platform, fields }) => ({
      mediaType,
      digest,
      size: content.length,
      ...(platform === undefined ? {} : { platform }),
      ...fields,
    })),
  });
  return {
    digest: registry.putManifest(repository, tag, { mediaType: mediaTypes.index, bytes }),
    bytes,
    mediaType: mediaTypes.index,
  };
}

/** Puts a manifest of any form. */
export function placeManifest(
  registry: ScriptedRegistry,
  repository: string,
  { tag, mediaType, content }: { readonly tag: string; readonly mediaType: string; readonly content: object },
): PlacedManifest {
  const bytes = json(content);
  return { digest: registry.putManifest(repository, tag, { mediaType, bytes }), bytes, mediaType };
}

export function describe(mediaType: string, bytes: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value, null, 2));
}
