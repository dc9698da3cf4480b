import type { SlowTargets } from './slow-targets.js';

/** The part of a window in which one target alone delayed the source, before it counts as too slow for the others. */
const delayedShare = 0.75;
/** A connection whose rate still grows by this factor from window to window has only begun. */
const growthFactor = 1.5;
/** A dropped target needs a second read. That is not worth it if the target would be done in this time anyway. */
const worthWaitingMs = 5_000;
/** Slow windows in a row that show it. */
const leastWindows = 2;
/** For each blob that is sent to the target: with many blobs, each gets a small part of the line. */
const windowsPerBlob = 1 / 3;

interface Windows {
  readonly count: number;
  readonly ms: number;
  readonly bytes: number;
}

const noWindows: Windows = { count: 0, ms: 0, bytes: 0 };

export interface SlowTargetOptions {
  readonly windowMs: number;
  readonly now: number;
  /** The target's host. */
  readonly target: string;
  /** How many blobs are in flight to it. */
  readonly load: () => number;
  /** What is known of the targets of this source. */
  readonly targets: Pick<SlowTargets, 'isSlow' | 'mayTry'>;
}

/**
 * Judges window by window whether one target of several holds the others up. A target is too slow for a blob if it alone
 * delayed the source for most of some windows in a row, does not get faster, and would need long for the rest at its
 * rate. A trial shows then whether the others are much faster without it (`SlowTargets`).
 */
export class SlowTargetDetector {
  readonly #blobBytes: number;
  readonly #options: SlowTargetOptions;
  #heldUpMs = 0;
  #windowBytes = 0;
  #sentBytes = 0;
  /** Windows in a row in which the target held the others up. */
  #slow = noWindows;
  /** Of the last window. */
  #lastBytes = 0;
  /** When few are left in flight, the slow windows behind them had many. */
  #mostLoad = 0;
  #windowStart: number;

  constructor(blobBytes: number, options: SlowTargetOptions) {
    this.#blobBytes = blobBytes;
    this.#options = options;
    this.#windowStart = options.now;
  }

  sent(bytes: number): void {
    this.#windowBytes += bytes;
    this.#sentBytes += bytes;
  }

  /** The others waited for this target, and for no other. */
  waited(milliseconds: number): void {
    this.#heldUpMs += milliseconds;
  }

  /** Whether it seems to be. Call it often; `now` in milliseconds. */
  isTooSlow(now: number): boolean {
    const { windowMs, target, load, targets } = this.#options;
    const elapsed = now - this.#windowStart;
    if (elapsed < windowMs) return false;
    const bytes = this.#windowBytes;
    const before = this.#lastBytes;
    const isSlow = this.#heldUpMs >= delayedShare * elapsed;
    this.#slow = isSlow ? added(this.#slow, elapsed, bytes) : noWindows;
    this.#lastBytes = bytes;
    this.#heldUpMs = 0;
    this.#windowBytes = 0;
    this.#windowStart = now;
    this.#mostLoad = Math.max(this.#mostLoad, load());
    const windows = targets.isSlow(target, now)
      ? leastWindows
      : Math.max(leastWindows, windowsPerBlob * this.#mostLoad);
    if (this.#slow.count < windows || bytes > growthFactor * before) return false;
    const takesLong = (this.#blobBytes - this.#sentBytes) * this.#slow.ms > this.#slow.bytes * worthWaitingMs;
    return takesLong && targets.mayTry(target, now);
  }
}

function added({ count, ms, bytes }: Windows, moreMs: number, moreBytes: number): Windows {
  return { count: count + 1, ms: ms + moreMs, bytes: bytes + moreBytes };
}
