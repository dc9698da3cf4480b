import type { Digest } from '../oci/digest.js';
import { EarlyBytes } from './early-bytes.js';
import type { BlobHash, HashCheckpoint } from './hash-types.js';
import { NativeHash } from './native-hash.js';
import type { PortableHash } from './portable-hash.js';

/**
 * A line is fast (80 MB/s) if this many bytes, over all blobs, arrive in this time. A blob on a fast line is hashed
 * natively: WebAssembly (200 MB/s of a core) would slow its copy down, and to read it again after the process has died
 * costs little time. A shorter measurement would show the buffers on the way, which take the first bytes faster than the
 * line does.
 */
const fastBytes = 20_000_000;
const measuredMs = 250;

/** Bytes that this process has hashed here, over all blobs: they share the line. */
let hashedBytes = 0;

/**
 * A hash that another process can continue if the line is slow, and a native one if the line is fast. It starts as a native
 * one, keeps copies of the first bytes while it measures, and hashes them again if the line is slow.
 */
export class ChoosingHash implements BlobHash {
  readonly #of: Digest;
  readonly #now: () => number;
  #chosen: BlobHash;
  #choice: HashChoice | undefined;

  /** @param now milliseconds */
  constructor(of: Digest, now: () => number) {
    this.#of = of;
    this.#now = now;
    this.#chosen = new NativeHash(of);
    this.#choice = new HashChoice(of);
  }

  get offset(): number {
    return this.#chosen.offset;
  }

  update(chunk: Buffer): void {
    this.#chosen.update(chunk);
    hashedBytes += chunk.length;
    const chosen = this.#choice?.took(chunk, this.#now());
    if (chosen === undefined) return;
    this.#choice = undefined;
    if (chosen !== 'native') this.#chosen = chosen;
  }

  checkpoint(): HashCheckpoint {
    if (this.offset > 0) return this.#chosen.checkpoint();
    const [of, now] = [this.#of, this.#now];
    return { offset: 0, save: () => undefined, resume: () => Promise.resolve(new ChoosingHash(of, now)) };
  }

  digest(): Digest {
    return this.#chosen.digest();
  }
}

class HashChoice {
  readonly #early = new EarlyBytes();
  #startedAt: number | undefined;
  #hashedBefore = 0;
  #portable: PortableHash | undefined;
  #isUnavailable = false;

  constructor(of: Digest) {
    // Loaded only now: most processes never need it.
    import('./portable-hash.js')
      .then(async (module) => {
        this.#portable = await module.PortableHash.start(of);
      })
      // Node can be started without WebAssembly (`--jitless`).
      .catch(() => {
        this.#isUnavailable = true;
      });
  }

  /** @returns the hash to continue with; undefined while the line is being measured */
  took(chunk: Buffer, now: number): PortableHash | 'native' | undefined {
    this.#early.add(chunk);
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#hashedBefore = hashedBytes;
      return undefined;
    }
    if (now - this.#startedAt < measuredMs) {
      return hashedBytes - this.#hashedBefore < fastBytes ? undefined : this.#drop();
    }
    const portable = this.#portable;
    if (portable === undefined) return this.#isUnavailable || this.#early.length > fastBytes ? this.#drop() : undefined;
    this.#early.drain((bytes) => portable.update(bytes));
    return portable;
  }

  #drop(): 'native' {
    this.#early.drain(() => {});
    return 'native';
  }
}
