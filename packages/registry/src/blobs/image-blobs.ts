import { isForeignLayer } from '../manifests/media-types.js';
import { isDigest } from '../oci/digest.js';
import type { Digest } from '../oci/digest.js';
import { UnsupportedManifest } from '../oci/source-manifest.js';
import type { JsonObject } from '../oci/source-manifest.js';

/** A config or layer, as a manifest describes it. */
export interface Blob {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Compressed bytes. */
  readonly size: number;
}

/**
 * The blobs that a manifest needs on its registry: config, layers, and the `blobs` of older artifacts, each once.
 * Layers that live at other addresses (`urls`, Windows) are left there.
 *
 * @throws UnsupportedManifest
 */
export function blobsOf(json: JsonObject, name: string): readonly Blob[] {
  const entries = [json['config'], ...listOf(json['layers']), ...listOf(json['blobs'])];
  const blobs = new Map<Digest, Blob>();
  for (const entry of entries) {
    if (entry === undefined || entry === null) continue;
    const { digest, mediaType, size, urls } = readDescriptor(entry, name);
    if (urls && isForeignLayer(mediaType)) continue;
    const known = blobs.get(digest);
    if (known !== undefined && known.size !== size) {
      throw new UnsupportedManifest(`${name} gives ${digest} two sizes, ${known.size} and ${size} bytes`);
    }
    blobs.set(digest, { digest, mediaType, size });
  }
  return [...blobs.values()];
}

/** Layers that live at other addresses (`urls`): no registry gets them from here. */
export function foreignLayers(json: JsonObject, name: string): readonly Digest[] {
  const layers = listOf(json['layers']).map((entry) => readDescriptor(entry, name));
  return layers.flatMap(({ digest, mediaType, urls }) => (urls && isForeignLayer(mediaType) ? [digest] : []));
}

/** What a manifest calls its config; undefined where it has none. @throws UnsupportedManifest */
export function configBlob(json: JsonObject, name: string): Blob | undefined {
  const entry = json['config'];
  if (entry === undefined || entry === null) return undefined;
  const { digest, mediaType, size } = readDescriptor(entry, name);
  return { digest, mediaType, size };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function readDescriptor(entry: unknown, name: string): Blob & { readonly urls: boolean } {
  const { digest, mediaType, size, urls } = (typeof entry === 'object' ? entry : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw new UnsupportedManifest(`${name} has a config or layer without a sha256 or sha512 digest`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new UnsupportedManifest(`${name} gives no size for ${digest}`);
  }
  return {
    digest,
    size,
    mediaType: typeof mediaType === 'string' ? mediaType : 'application/octet-stream',
    urls: Array.isArray(urls) && urls.length > 0,
  };
}
