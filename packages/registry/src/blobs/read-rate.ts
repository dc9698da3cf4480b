/** Unused allowance that may be saved up: enough for an even flow, too little for a burst above the rate. */
const maxSavedMs = 100;

/** A rate limit that all reads of one source share. */
export class ReadRate {
  readonly #bytesPerMs: number;
  /** When the rate allows the next read, by the monotonic clock in milliseconds. */
  #paidAt = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /**
   * @param bytes read just now
   * @param now milliseconds of a monotonic clock
   * @returns milliseconds for which nothing more may be read
   */
  take(bytes: number, now: number): number {
    this.#paidAt = Math.max(this.#paidAt, now - maxSavedMs) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAt - now);
  }
}
