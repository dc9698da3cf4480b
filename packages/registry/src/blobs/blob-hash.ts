import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';
import { ChoosingHash } from './choosing-hash.js';
import type { BlobHash } from './hash-types.js';
import { HashedRate } from './hashed-rate.js';
import { NativeHash } from './native-hash.js';

export type { BlobHash, HashCheckpoint } from './hash-types.js';

/** A smaller blob is sent again from its first byte after the process has died: that costs no more than what is saved. */
export const leastPortableBytes = 1024 * 1024;

export interface BlobHashOptions {
  /** Size of the blob, in bytes. */
  readonly size: number;
  /**
   * `when-slow`: another process can continue the hash of a blob of at least 1 MiB whose line is slower than 100 MB/s, and
   * than this process;
   * `never`: nothing is saved.
   */
  readonly portable: 'never' | 'when-slow';
  /** By default that of the process. */
  readonly rate?: HashedRate | undefined;
}

const processRate = new HashedRate();

/** Starts the hash of a blob's bytes, with the algorithm of its digest. */
export function startBlobHash(digest: Digest, options?: BlobHashOptions): BlobHash {
  if (options?.portable !== 'when-slow' || options.size < leastPortableBytes) return new NativeHash(digest);
  return new ChoosingHash(digest, options.rate ?? processRate);
}

/**
 * Continues a hash that an earlier process saved.
 *
 * @returns undefined if the state is damaged, belongs to another blob, or cannot be continued by this program: the blob is
 * then hashed from its first byte
 */
export async function restoreBlobHash(digest: Digest, saved: SavedHash): Promise<BlobHash | undefined> {
  try {
    const { PortableHash } = await import('./portable-hash.js');
    return await PortableHash.restore(digest, saved);
  } catch {
    // Node can be started without WebAssembly (`--jitless`).
    return undefined;
  }
}
