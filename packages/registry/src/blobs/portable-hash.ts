import { createSHA256, createSHA512 } from 'hash-wasm';
import type { IHasher } from 'hash-wasm/dist/lib/WASMInterface.js';

import { algorithmOf } from '../manifests/content-digest.js';
import type { Digest } from '../oci/digest.js';
import type { SavedHash } from '../upload-records.js';
import { decodeHashState, encodeHashState } from './hash-state.js';
import type { BlobHash, HashCheckpoint } from './hash-types.js';

/** A hash in WebAssembly, whose state another process can continue. */
export class PortableHash implements BlobHash {
  readonly #of: Digest;
  readonly #hasher: IHasher;
  #offset: number;

  private constructor(of: Digest, hasher: IHasher, offset: number) {
    this.#of = of;
    this.#hasher = hasher;
    this.#offset = offset;
  }

  static async start(of: Digest): Promise<PortableHash> {
    return new PortableHash(of, await createHasher(of), 0);
  }

  /** Returns undefined if the state is not one of this blob, or was made by another version of the hash. */
  static async restore(of: Digest, saved: SavedHash): Promise<PortableHash | undefined> {
    const state = decodeHashState(of, saved);
    if (state === undefined) return undefined;
    const hasher = await createHasher(of);
    try {
      hasher.load(state);
    } catch {
      return undefined;
    }
    return new PortableHash(of, hasher, saved.offset);
  }

  get offset(): number {
    return this.#offset;
  }

  update(chunk: Buffer): void {
    this.#hasher.update(chunk);
    this.#offset += chunk.length;
  }

  checkpoint(): HashCheckpoint {
    const of = this.#of;
    const state = this.#hasher.save();
    const offset = this.#offset;
    return {
      offset,
      save: () => ({ offset, state: encodeHashState(of, { offset, state }) }),
      resume: async () => new PortableHash(of, (await createHasher(of)).load(state), offset),
    };
  }

  digest(): Digest {
    return `${algorithmOf(this.#of)}:${this.#hasher.digest()}`;
  }
}

async function createHasher(of: Digest): Promise<IHasher> {
  return algorithmOf(of) === 'sha512' ? await createSHA512() : await createSHA256();
}
