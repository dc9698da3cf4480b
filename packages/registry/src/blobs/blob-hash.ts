import type { Hash } from 'node:crypto';

import { algorithmOf, finishDigest, startDigest } from '../manifests/content-digest.js';
import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';

/** The state of a hash after some bytes of a blob: a hash can be continued from it. */
export interface HashCheckpoint {
  /** Bytes that were hashed. */
  readonly offset: number;
  /** Returns the state in a form that another process can continue; undefined where this hash cannot be saved. */
  save(): SavedHash | undefined;
  /** Returns a hash that continues from here, independent of the one that the checkpoint was made from. */
  resume(): Promise<BlobHash>;
}

/** The digest of the bytes of a blob, in order from its first byte. */
export interface BlobHash {
  /** Bytes that were hashed: the offset of the next byte. */
  readonly offset: number;
  update(chunk: Buffer): void;
  checkpoint(): HashCheckpoint;
  /** Ends the hash. */
  digest(): Digest;
}

/** Starts the hash of a blob's bytes, with the algorithm of its digest. */
export function startBlobHash(digest: Digest): BlobHash {
  return new NativeHash(digest, startDigest(digest), 0);
}

class NativeHash implements BlobHash {
  readonly #of: Digest;
  readonly #hash: Hash;
  #offset: number;

  constructor(of: Digest, hash: Hash, offset: number) {
    this.#of = of;
    this.#hash = hash;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  update(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#offset += chunk.length;
  }

  checkpoint(): HashCheckpoint {
    const of = this.#of;
    const copy = this.#hash.copy();
    const offset = this.#offset;
    return {
      offset,
      save: () => undefined,
      resume: () => Promise.resolve(new NativeHash(of, copy.copy(), offset)),
    };
  }

  digest(): Digest {
    return finishDigest(this.#hash, algorithmOf(this.#of));
  }
}
