/** So long that what the buffers on the way take at once hardly counts. */
const measuredMs = 500;
const fastBytesPerMs = 64 * 1024;

/**
 * Whether a target takes bytes, of all uploads together, so fast that reading some of them again costs less than keeping
 * them.
 */
export class FlushRate {
  #bytes = 0;
  #since: number;
  #isFast = true;

  /** @param now milliseconds */
  constructor(now: number) {
    this.#since = now;
  }

  /** Above 64 MB/s over the last half second; true until that is measured. */
  get isFast(): boolean {
    return this.#isFast;
  }

  took(bytes: number, now: number): void {
    this.#bytes += bytes;
    const ms = now - this.#since;
    if (ms < measuredMs) return;
    this.#isFast = this.#bytes > fastBytesPerMs * ms;
    this.#bytes = 0;
    this.#since = now;
  }
}
