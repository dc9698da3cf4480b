/** What was saved up while nothing was read: enough to keep an even flow, too little to burst above the rate. */
const SAVED_MS = 100;

/** A rate that all reads of one source share. */
export class ReadRate {
  readonly #bytesPerMs: number;
  /** When everything read so far is paid for, by the monotonic clock in milliseconds. */
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
    this.#paidAt = Math.max(this.#paidAt, now - SAVED_MS) + bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAt - now);
  }
}
