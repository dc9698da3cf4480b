const measuredBytes = 1024 * 1024;
const fastBytesPerMs = 64 * 1024;

/** Whether a target takes bytes so fast that reading some of them again costs less than keeping them. */
export class FlushRate {
  #bytes = 0;
  #since: number;
  #isFast = false;

  constructor(now: number) {
    this.#since = now;
  }

  /** Above 64 MB/s over the last megabyte. */
  get isFast(): boolean {
    return this.#isFast;
  }

  /** @param now milliseconds */
  took(bytes: number, now: number): void {
    this.#bytes += bytes;
    if (this.#bytes < measuredBytes) return;
    this.#isFast = this.#bytes > fastBytesPerMs * (now - this.#since);
    this.#bytes = 0;
    this.#since = now;
  }
}
