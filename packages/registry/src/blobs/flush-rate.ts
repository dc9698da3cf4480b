import { idleMsOfThread, isBusy } from './busy-process.js';

/** So long that what the buffers on the way take at once hardly counts. */
const measuredMs = 500;
const fastBytesPerMs = 64 * 1024;
/** Enough where this process is the limit: then the line may be faster. */
const busyBytesPerMs = 24 * 1024;

/**
 * Whether a target takes bytes, of all uploads together, so fast that reading some of them again costs less than keeping
 * them.
 */
export class FlushRate {
  readonly #idleMs: () => number;
  #bytes = 0;
  #since: number;
  #isFast = true;
  #idleBefore: number;

  /**
   * @param now milliseconds
   * @param idleMs how many of them this thread has waited
   */
  constructor(now: number, idleMs = idleMsOfThread) {
    this.#since = now;
    this.#idleMs = idleMs;
    this.#idleBefore = idleMs();
  }

  /** Above 64 MB/s over the last half second, or as fast as this busy process can; true until that is measured. */
  get isFast(): boolean {
    return this.#isFast;
  }

  took(bytes: number, now: number): void {
    this.#bytes += bytes;
    const ms = now - this.#since;
    if (ms < measuredMs) return;
    const idle = this.#idleMs();
    const enough = isBusy(idle - this.#idleBefore, ms) ? busyBytesPerMs : fastBytesPerMs;
    this.#isFast = this.#bytes > enough * ms;
    this.#idleBefore = idle;
    this.#bytes = 0;
    this.#since = now;
  }
}
