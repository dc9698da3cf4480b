/** Token buckets of channels, by the generic cell rate algorithm: one time for each limit is all that is stored. */

/** At most `count` messages in any `perMs` milliseconds. */
export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

/** By `count/perMs`: the time at which the bucket is full again, UTC milliseconds. */
export type BucketTimes = Readonly<Record<string, number>>;

/** Messages do not take the same time to arrive: the platform may see two of them closer together than they were sent. */
const margin = 1.05;

interface Bucket {
  /** Messages that may follow one another at once. */
  readonly burst: number;
  /** Milliseconds in which one token is added. */
  readonly intervalMs: number;
}

/**
 * In any time of `perMs` a bucket grants its burst, and what is added meanwhile: together they stay below the limit. A
 * bucket of the size of the limit would grant nearly twice as many.
 */
function bucketOf({ count, perMs }: RateLimit): Bucket {
  const burst = Math.max(1, Math.floor(count / 4));
  return { burst, intervalMs: (margin * perMs) / (count - burst + 1) };
}

/** How many messages may be sent now. */
export function tokensAt(limits: readonly RateLimit[], times: BucketTimes, now: number): number {
  const free = limits.map((limit) => {
    const bucket = bucketOf(limit);
    return Math.max(
      0,
      Math.floor((bucket.burst * bucket.intervalMs - usedMs(limit, bucket, times, now)) / bucket.intervalMs + 1e-9),
    );
  });
  return Math.min(Number.MAX_SAFE_INTEGER, ...free);
}

/** When the next message may be sent, UTC milliseconds; `now` if it may be sent at once. */
export function nextTokenAt(limits: readonly RateLimit[], times: BucketTimes, now: number): number {
  const waits = limits.map((limit) => {
    const bucket = bucketOf(limit);
    return usedMs(limit, bucket, times, now) - (bucket.burst - 1) * bucket.intervalMs;
  });
  return now + Math.ceil(Math.max(0, ...waits));
}

/** The buckets after one message at this time. Limits that are no longer configured are forgotten. */
export function takeToken(limits: readonly RateLimit[], times: BucketTimes, now: number): BucketTimes {
  return Object.fromEntries(
    limits.map((limit) => {
      const bucket = bucketOf(limit);
      return [keyOf(limit), now + usedMs(limit, bucket, times, now) + bucket.intervalMs];
    }),
  );
}

/** A time that is further ahead than a used-up bucket comes from a clock that was ahead. */
function usedMs(limit: RateLimit, { burst, intervalMs }: Bucket, times: BucketTimes, now: number): number {
  const fullAt = times[keyOf(limit)] ?? now;
  return Math.min(Math.max(0, fullAt - now), burst * intervalMs);
}

function keyOf({ count, perMs }: RateLimit): string {
  return `${count}/${perMs}`;
}
