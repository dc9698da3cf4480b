/** A line is fast (100 MB/s) if this many bytes, over all blobs, arrive in this time. */
export const fastBytes = 25_000_000;
export const measuredMs = 250;
/** A measurement that is older says nothing about a blob that begins now. */
const rememberedMs = 500;

/** How fast bytes are hashed, over all blobs of a process: they share the line. */
export class HashedRate {
  readonly #now: () => number;
  #bytes = 0;
  #since = -Infinity;
  #bytesBefore = 0;
  #fastAt = -Infinity;

  /** @param now milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Bytes hashed so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The line was fast a moment ago. */
  get isFast(): boolean {
    return this.#now() - this.#fastAt < rememberedMs;
  }

  /** @returns the time, in milliseconds */
  took(bytes: number): number {
    const now = this.#now();
    this.#bytes += bytes;
    const ms = now - this.#since;
    if (ms < measuredMs) return now;
    if (ms < 2 * measuredMs) {
      const isFast = (this.#bytes - this.#bytesBefore) * measuredMs >= fastBytes * ms;
      this.#fastAt = isFast ? now : -Infinity;
    }
    this.#since = now;
    this.#bytesBefore = this.#bytes;
    return now;
  }
}
