/** When a failed copy is retried within its run, and the state of an image that is not retried. */
import type { Fault } from './activity-types.js';

/** Pauses between the attempts of one run, in milliseconds: long enough for a registry to restart. */
export const attemptPausesMs = [2_000, 8_000, 20_000];
/** An announced wait up to this is slept in the workflow; a longer one would block a slot. */
const longestWaitMs = 30_000;
/** Limits for the delay of a retry in a later run. */
const shortestRetryMs = 60_000;
const longestRetryMs = 24 * 3_600_000;

/** Whether this is the last attempt of a run. */
export function isLastAttempt(attempt: number): boolean {
  return attemptPausesMs[attempt] === undefined;
}

/**
 * How long to pause before attempt `attempt + 1`, in milliseconds; undefined if no fault is temporary, or after the last
 * attempt.
 */
export function pauseBeforeNextAttempt(attempt: number, faults: readonly Fault[]): number | undefined {
  const pause = attemptPausesMs[attempt];
  if (pause === undefined) return undefined;

  const pauses = faults.flatMap(({ decision, retryAfterMs, again }) => {
    if (again === 'next-run') return [];
    if (decision === 'retry') return [Math.max(pause, retryAfterMs ?? 0)];
    if (decision === 'wait' && retryAfterMs !== undefined) return [Math.max(pause, retryAfterMs)];
    return [];
  });
  const withDeadline = pauses.filter((ms) => ms <= longestWaitMs);
  return withDeadline.length === 0 ? undefined : Math.max(...withDeadline);
}

/**
 * When a later run should retry (UTC ms), if the other side announced a longer wait than an attempt sleeps. Shorter waits
 * do not count: a registry that always announces one second would cause runs without end.
 */
export function againAt(faults: readonly Fault[], now: number): number | undefined {
  const waits = faults.flatMap(({ decision, retryAfterMs = 0 }) =>
    decision === 'block' || retryAfterMs <= longestWaitMs ? [] : [retryAfterMs],
  );
  if (waits.length === 0) return undefined;
  return now + Math.min(longestRetryMs, Math.max(shortestRetryMs, Math.min(...waits)));
}

/** `retry` and `wait` are retried by the next run; `block` needs a person. */
export function stateOf({ decision }: Fault): 'waiting' | 'retrying' | 'blocked' {
  switch (decision) {
    case 'wait':
      return 'waiting';
    case 'retry':
      return 'retrying';
    case 'block':
      return 'blocked';
    default:
      return decision satisfies never;
  }
}
