import { proveBlob } from './blobs/blob-proof.js';
import { blobsOf } from './blobs/image-blobs.js';
import type { Blob } from './blobs/image-blobs.js';
import { RegistryError } from './errors.js';
import { getManifest } from './manifests/manifest-exchange.js';
import type { Digest } from './oci/digest.js';
import { readSourceManifest } from './oci/source-manifest.js';
import type { SourceManifest } from './oci/source-manifest.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { sharedSignal } from './transport/shared-signal.js';

/** A manifest or blob of an image that a registry cannot deliver. */
export interface MissingContent {
  readonly kind: 'manifest' | 'blob';
  readonly digest: Digest;
  /** Of a blob, in bytes. */
  readonly size?: number | undefined;
  /** What the registry answered. */
  readonly reason: string;
}

/** What a check of an image's contents found. */
export interface CheckedContents {
  /** Manifests that were read and whose digest was right, and blobs whose first byte arrived. */
  readonly manifests: number;
  readonly blobs: number;
  /** What cannot be pulled; empty if the image is whole. */
  readonly missing: readonly MissingContent[];
}

/**
 * Checks if a registry can deliver everything that a manifest needs: reads it and, below an index, its children by GET and
 * compares their digests; of each config and layer it reads the first byte by a range request, following redirects. HEAD
 * requests would prove nothing, because registries answer them from caches.
 *
 * @param repo the repository; `side` and `name` are for messages and credentials
 * @param digest of a manifest or an index
 * @param options.signal ends it; the promise is rejected with its reason
 * @param options.beforeRequest waited for before each request: it paces and counts them
 * @throws RegistryError if the registry cannot be reached, or refuses: then nothing is known about the image
 */
export async function checkContents(
  client: RegistryClient,
  repo: RepositoryRef,
  digest: Digest,
  {
    beforeRequest = async () => {},
    ...options
  }: { readonly signal?: AbortSignal | undefined; readonly beforeRequest?: (() => Promise<void>) | undefined } = {},
): Promise<CheckedContents> {
  const signal = sharedSignal(options.signal);
  const missing: MissingContent[] = [];
  const blobs = new Map<Digest, Blob>();
  const seen = new Set<Digest>();
  const queue = [digest];
  let manifests = 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const manifest = await readWhole(next);
    if (manifest === undefined) continue;
    manifests++;
    if (manifest.kind === 'index') queue.push(...manifest.children.map((child) => child.digest));
    else for (const blob of blobsOf(manifest.json, next)) blobs.set(blob.digest, blob);
  }
  let proven = 0;
  for (const blob of blobs.values()) {
    await beforeRequest();
    const proof = await proveBlob(client, repo, blob, { signal });
    if (proof.isThere) proven++;
    else missing.push({ kind: 'blob', digest: blob.digest, size: blob.size, reason: proof.reason });
  }
  return { manifests, blobs: proven, missing };

  async function readWhole(each: Digest): Promise<SourceManifest | undefined> {
    await beforeRequest();
    try {
      const content = await getManifest(client, repo, each, { signal });
      if (content !== undefined) {
        const { body, mediaType: contentType } = content;
        const text = body.toString('utf8');
        return readSourceManifest({ name: each, digest: each, contentType, size: body.length, text });
      }
      missing.push({ kind: 'manifest', digest: each, reason: 'it answers 404 Not Found' });
    } catch (error) {
      signal.throwIfAborted();
      const isCorrupt = error instanceof RegistryError && ['source-corrupt', 'target-corrupt'].includes(error.code);
      if (!isCorrupt) throw error;
      missing.push({ kind: 'manifest', digest: each, reason: error.message });
    }
    return undefined;
  }
}
