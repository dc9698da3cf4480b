/** A source below this rate drips: it would occupy its slot in the pool indefinitely. */
export const minBytesPerSecond = 1024;

/** Watches a stream for silence and for a drip. Times are milliseconds of one clock. */
export class ThroughputWatchdog {
  readonly #idleMs: number;
  #lastByteAt: number;
  #checkedAt: number;
  #windowStart: number;
  #windowBytes = 0;

  constructor(idleMs: number, now: number) {
    this.#idleMs = idleMs;
    this.#lastByteAt = now;
    this.#checkedAt = now;
    this.#windowStart = now;
  }

  took(bytes: number, now: number): void {
    this.#lastByteAt = now;
    this.#windowBytes += bytes;
  }

  /** The stream flows again after its reader paused it. */
  flows(now: number): void {
    this.#lastByteAt = now;
  }

  /**
   * To be called several times in `idleMs`.
   *
   * @param held its reader accepts nothing now: the silence is not the source's fault
   * @returns what is wrong with it
   */
  check(now: number, held: boolean): string | undefined {
    // This process did not run (a busy or sleeping machine): no registry is to blame for the silence.
    const overslept = now - this.#checkedAt > this.#idleMs / 2;
    this.#checkedAt = now;
    if (overslept || held) {
      this.#beginWindow(now);
      return undefined;
    }
    if (now - this.#lastByteAt >= this.#idleMs) return `no byte for ${this.#idleMs / 1000} s`;
    const windowMs = now - this.#windowStart;
    if (windowMs < this.#idleMs) return undefined;
    const bytes = this.#windowBytes;
    this.#beginWindow(now);
    const isDrip = bytes < (minBytesPerSecond * windowMs) / 1000;
    return isDrip ? `${bytes} bytes in ${Math.round(windowMs / 1000)} s` : undefined;
  }

  #beginWindow(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = 0;
  }
}
