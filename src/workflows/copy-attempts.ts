/** When a copy that did not work is tried again inside its workflow, and what it counts as when it is not. */
import type { Fault } from '../contract/activity-types.js';

/** Pauses between the attempts of one run, in milliseconds: a restarted registry is back by the last one. */
const attemptPausesMs = [2_000, 8_000, 20_000];
/** A wait that the other side named is slept through up to this; a longer one would keep its place from others. */
const longestWaitMs = 30_000;
/** Nobody is come back for sooner, and whoever asks to be left alone for longer is asked again before. */
const shortestRestMs = 60_000;
const longestRestMs = 24 * 3_600_000;

/** No round follows this one. */
export function isLastAttempt(attempt: number): boolean {
  return attemptPausesMs[attempt] === undefined;
}

/**
 * How long to pause before round `round + 1`, in milliseconds; undefined when no fault can go away by itself soon, or
 * there have been enough rounds.
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
 * When a run should come back (UTC ms) for what asked to be left alone for longer than an attempt may wait. Waits that were
 * slept through in vain do not count: a registry that says "in a second" for ever would be asked for ever.
 */
export function againAt(faults: readonly Fault[], now: number): number | undefined {
  const rests = faults.flatMap(({ decision, retryAfterMs = 0 }) =>
    decision === 'block' || retryAfterMs <= longestWaitMs ? [] : [retryAfterMs],
  );
  if (rests.length === 0) return undefined;
  return now + Math.min(longestRestMs, Math.max(shortestRestMs, Math.min(...rests)));
}

/** `retry` and `wait` come again with the next run; `block` waits for a person. */
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
