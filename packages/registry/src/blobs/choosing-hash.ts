import type { Digest } from '../oci/digest.js';
import { isBusy } from './busy-process.js';
import { EarlyBytes } from './early-bytes.js';
import type { BlobHash, HashCheckpoint } from './hash-types.js';
import { busyFactor, fastBytes, measuredMs } from './hashed-rate.js';
import type { HashedRate } from './hashed-rate.js';
import { NativeHash } from './native-hash.js';
import type { PortableHash } from './portable-hash.js';

/**
 * A hash that another process can continue if the line is slow, and a native one if the line is fast: WebAssembly (200 MB/s
 * of a core) would slow its copy down, and to read it again after the process has died costs little time. It is a native
 * one, too, where this process is the limit, because the machine is busy: it waits for the line hardly ever, and would be
 * slower still. It starts as a native one, keeps copies of the first bytes while it measures, and hashes them again if the
 * line is slow.
 */
export class ChoosingHash implements BlobHash {
  readonly #of: Digest;
  readonly #rate: HashedRate;
  #chosen: BlobHash;
  #choice: HashChoice | undefined;

  constructor(of: Digest, rate: HashedRate) {
    this.#of = of;
    this.#rate = rate;
    this.#chosen = new NativeHash(of);
    // What other blobs have shown of the line need not be measured again.
    this.#choice = rate.isFast ? undefined : new HashChoice(of, rate);
  }

  get offset(): number {
    return this.#chosen.offset;
  }

  update(chunk: Buffer): void {
    this.#chosen.update(chunk);
    const now = this.#rate.took(chunk.length);
    const chosen = this.#choice?.took(chunk, now);
    if (chosen === undefined) return;
    this.#choice = undefined;
    if (chosen !== 'native') this.#chosen = chosen;
  }

  checkpoint(): HashCheckpoint {
    if (this.offset > 0) return this.#chosen.checkpoint();
    const [of, rate] = [this.#of, this.#rate];
    return { offset: 0, save: () => undefined, resume: () => Promise.resolve(new ChoosingHash(of, rate)) };
  }

  digest(): Digest {
    return this.#chosen.digest();
  }
}

/**
 * What the buffers on the way hold does not show how fast the line is: the first bytes, and those that come after a gap in
 * which this process was busy.
 */
const bufferedBytes = 8_000_000;
const gapMs = 40;

class HashChoice {
  readonly #of: Digest;
  readonly #rate: HashedRate;
  readonly #early = new EarlyBytes();
  #startedAt: number | undefined;
  #lastAt = 0;
  #bytesBefore = 0;
  #idleBefore = 0;
  #isSlow = false;
  /** Bytes hashed over all blobs when the line's own bytes began to arrive. */
  #hashedBefore = 0;
  #portable: PortableHash | undefined;
  #isLoading = false;
  #isUnavailable = false;

  constructor(of: Digest, rate: HashedRate) {
    this.#of = of;
    this.#rate = rate;
  }

  /** @returns the hash to continue with; undefined while the line is being measured */
  took(chunk: Buffer, now: number): PortableHash | 'native' | undefined {
    // The time to measure is short: a line that brings this much is fast.
    if (!this.#early.hasRoomFor(chunk)) return this.#drop();
    this.#early.add(chunk);
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#lastAt = now;
      this.#bytesBefore = this.#rate.bytes;
      this.#idleBefore = this.#rate.idleMs;
      this.#hashedBefore = this.#rate.bytes + bufferedBytes;
      return undefined;
    }
    if (now - this.#lastAt > gapMs) this.#hashedBefore = Math.max(this.#hashedBefore, this.#rate.bytes);
    this.#lastAt = now;
    const ms = now - this.#startedAt;
    const isLimit = isBusy(this.#rate.idleMs - this.#idleBefore, ms);
    // A blob that has arrived by then does not need it.
    if (ms >= measuredMs / 2 && !isLimit) this.#load();
    if (ms < measuredMs) {
      return this.#rate.bytes - this.#hashedBefore < fastBytes - bufferedBytes ? undefined : this.#drop();
    }
    this.#isSlow ||= !isLimit || ms >= busyFactor * measuredMs;
    if (!this.#isSlow) return this.#rate.bytes - this.#bytesBefore < fastBytes ? undefined : this.#drop();
    this.#load();
    const portable = this.#portable;
    if (portable === undefined) return this.#isUnavailable || this.#early.length > fastBytes ? this.#drop() : undefined;
    this.#early.drain((bytes) => portable.update(bytes));
    return portable;
  }

  #load(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    import('./portable-hash.js')
      .then(async (module) => {
        this.#portable = await module.PortableHash.start(this.#of);
      })
      // Node can be started without WebAssembly (`--jitless`).
      .catch(() => {
        this.#isUnavailable = true;
      });
  }

  #drop(): 'native' {
    this.#early.drain(() => {});
    return 'native';
  }
}
