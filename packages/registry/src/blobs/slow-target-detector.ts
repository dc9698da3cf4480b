import type { HoldUpsOf } from './hold-ups.js';

/** The part of a window in which one target alone delayed the source, before it counts as too slow for the others. */
const delayedShare = 0.75;
/** A connection whose rate still grows by this factor from window to window has only begun. */
const growthFactor = 1.5;
/** A dropped target needs a second read. That is not worth it if the target would be done in this time anyway. */
const worthWaitingMs = 5_000;

/**
 * Judges window by window whether one target of several holds the others up. A target is too slow if it alone delayed
 * the source for most of two windows, and for most of the time with the other blobs in flight too, does not get faster,
 * and would need long for the rest at its rate.
 */
export class SlowTargetDetector {
  readonly #windowMs: number;
  readonly #blobBytes: number;
  readonly #holdUps: HoldUpsOf;
  #heldUpMs = 0;
  #windowBytes = 0;
  #sentBytes = 0;
  /** Bytes of the previous window, if the target held the others up in it. */
  #slowWindowBytes: number | undefined;
  #windowStart: number;

  constructor(
    blobBytes: number,
    { windowMs, now, holdUps }: { readonly windowMs: number; readonly now: number; readonly holdUps: HoldUpsOf },
  ) {
    this.#blobBytes = blobBytes;
    this.#holdUps = holdUps;
    this.#windowMs = windowMs;
    this.#windowStart = now;
  }

  sent(bytes: number): void {
    this.#windowBytes += bytes;
    this.#sentBytes += bytes;
  }

  /** The others waited for this target, and for no other. */
  waited(milliseconds: number): void {
    this.#heldUpMs += milliseconds;
    this.#holdUps.add(milliseconds);
  }

  /** Call it often; `now` in milliseconds. */
  isTooSlow(now: number): boolean {
    const elapsed = now - this.#windowStart;
    if (elapsed < this.#windowMs) return false;
    const bytes = this.#windowBytes;
    const before = this.#slowWindowBytes;
    const slow = this.#heldUpMs >= delayedShare * elapsed;
    this.#slowWindowBytes = slow ? bytes : undefined;
    this.#heldUpMs = 0;
    this.#windowBytes = 0;
    this.#windowStart = now;
    if (!slow || before === undefined || this.#holdUps.share() < delayedShare || bytes > growthFactor * before)
      return false;
    return (this.#blobBytes - this.#sentBytes) * elapsed > bytes * worthWaitingMs;
  }
}
