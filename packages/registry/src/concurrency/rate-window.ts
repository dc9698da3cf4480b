/** A rate is measured over this time, or over the longer one where a single blob moves fast. */
const windowMs = 250;
const fastWindowMs = 1_000;
/** Bytes per millisecond of one blob. Three of these fill a gigabit line: more of them would hardly be faster. */
const fastBytesPerMs = 16_000;
/** Part of a window in which more blobs had to wait for the limit, if what it shows is the limit's work. */
const shareFull = 0.75;
/** A window that took this many times as long as it should: the process or the line had stopped. */
const mostDelayed = 4;
/**
 * Part of the ideal gain that a step must bring: all of it is that twice as many blobs are twice as fast. Where a blob is
 * slow, more of them cost little, and a small gain is enough.
 */
const gainShare = { fast: 0.3, slow: 0.15 } as const;

/** What moved in a period. */
export interface RateSample {
  readonly ms: number;
  readonly bytes: number;
  /** The mean number of blobs in flight. */
  readonly load: number;
  /** More blobs waited for the limit for most of the period. */
  readonly isFull: boolean;
  /** One blob alone moves fast. */
  readonly isFast: boolean;
}

/** Whether the change of the load has brought its share: for a step down, whether it has cost less than its share. */
export function isWorthIt(before: RateSample, after: RateSample): boolean {
  const share = before.isFast ? gainShare.fast : gainShare.slow;
  return rateOf(after) >= rateOf(before) * (1 + share * (after.load / before.load - 1));
}

function rateOf({ bytes, ms }: RateSample): number {
  return bytes / ms;
}

/** The newest samples that cover a time together; all of them if they cover less. */
export function lastOf(samples: readonly RateSample[], ms: number): RateSample[] {
  let covered = 0;
  let first = samples.length;
  while (first > 0 && covered < ms) covered += samples[--first]?.ms ?? 0;
  return samples.slice(first);
}

/** One sample for all. */
export function sumOf(samples: readonly RateSample[]): RateSample {
  const ms = samples.reduce((sum, sample) => sum + sample.ms, 0);
  return {
    ms,
    bytes: samples.reduce((sum, sample) => sum + sample.bytes, 0),
    load: ms === 0 ? 0 : samples.reduce((sum, sample) => sum + sample.load * sample.ms, 0) / ms,
    isFull: samples.every(({ isFull }) => isFull),
    isFast: samples.every(({ isFast }) => isFast),
  };
}

/** Cuts the flow of bytes into samples. Times are milliseconds of one monotonic clock. */
export class RateWindow {
  #startedAt: number | undefined;
  #countedAt = 0;
  #inFlight = 0;
  #isWanted = false;
  #bytes = 0;
  #loadMs = 0;
  #fullMs = 0;

  /** @param isWanted more blobs wait to be in flight */
  holds(inFlight: number, isWanted: boolean, now: number): void {
    this.#count(now);
    this.#inFlight = inFlight;
    this.#isWanted = isWanted;
    if (inFlight === 0) this.#startedAt = undefined;
  }

  /** @returns the sample that these bytes complete */
  moved(bytes: number, now: number): RateSample | undefined {
    // The first requests take their time: a period begins with its first bytes.
    if (this.#startedAt === undefined) this.#begin(now);
    this.#count(now);
    this.#bytes += bytes;
    const ms = now - (this.#startedAt ?? now);
    if (ms < windowMs) return undefined;
    const load = this.#loadMs / ms;
    const isFast = this.#bytes >= fastBytesPerMs * this.#loadMs;
    const expectedMs = isFast ? fastWindowMs : windowMs;
    if (ms < expectedMs) return undefined;
    const sample = { ms, bytes: this.#bytes, load, isFull: this.#fullMs >= shareFull * ms, isFast };
    this.#begin(now);
    return ms > mostDelayed * expectedMs ? undefined : sample;
  }

  #begin(now: number): void {
    this.#startedAt = now;
    this.#countedAt = now;
    this.#bytes = 0;
    this.#loadMs = 0;
    this.#fullMs = 0;
  }

  #count(now: number): void {
    const ms = now - this.#countedAt;
    this.#countedAt = now;
    this.#loadMs += this.#inFlight * ms;
    if (this.#isWanted) this.#fullMs += ms;
  }
}
