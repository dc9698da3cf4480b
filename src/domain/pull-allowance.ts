import type { PullAllowance } from '@image-ferry/registry/pull-quota';

import { printDuration } from './duration.js';
import { printUtc } from './utc-time.js';

/** Pulls of one time slice. They count against the allowance until the window after `at` has passed. */
export interface CountedPulls {
  /** End of the slice of time in which they were made, UTC ms. */
  readonly at: number;
  readonly pulls: number;
}

/** Number of time slices per window: a pull expires at most a sixtieth of the window too late. */
const slicesInWindow = 60;
/** Our count and the source's differ by the time of a request. A pull counts for this much longer than its window. */
const longestRequestMs = 60_000;
/** Share of the allowance that must be free before a retry, so that no run over all images starts for a single pull. */
const worthComingBackFor = 0.1;

/** The end of the time slice that a pull at `now` belongs to. */
export function sliceAt({ windowMs }: PullAllowance, now: number): number {
  const sliceMs = Math.max(1, Math.ceil(windowMs / slicesInWindow));
  return (Math.floor(now / sliceMs) + 1) * sliceMs;
}

/** Slices that ended at or before this time no longer count. */
export function forgottenBefore({ windowMs }: PullAllowance, now: number): number {
  return now - windowMs - Math.min(longestRequestMs, windowMs / 4);
}

/**
 * pullsFree returns how many pulls are allowed now. Every pull counts for a whole window, which is safe for sources with
 * fixed windows and with sliding ones.
 */
export function pullsFree(allowance: PullAllowance, counted: readonly CountedPulls[], now: number): number {
  return Math.max(0, allowance.pulls - pullsSpent(allowance, counted, now));
}

/** Milliseconds until enough of the allowance is free for a retry. */
export function freeInMs(allowance: PullAllowance, counted: readonly CountedPulls[], now: number): number {
  const enough = Math.ceil(allowance.pulls * worthComingBackFor);
  const oldestFirst = counted.toSorted((a, b) => a.at - b.at);
  // Negative if another client pulls from the same address, or if the allowance was reduced.
  let free = allowance.pulls - pullsSpent(allowance, counted, now);
  for (const { at, pulls } of oldestFirst) {
    if (free >= enough) break;
    const weighsForMs = at - forgottenBefore(allowance, now);
    if (weighsForMs <= 0) continue;
    free += pulls;
    if (free >= enough) return weighsForMs;
  }
  return 0;
}

function pullsSpent(allowance: PullAllowance, counted: readonly CountedPulls[], now: number): number {
  const since = forgottenBefore(allowance, now);
  return counted.reduce((sum, { at, pulls }) => (at > since ? sum + pulls : sum), 0);
}

/** The reason why a pull is not made. @param retryAt when enough of the allowance is free, UTC ms */
export function spentReason(host: string, { pulls, windowMs }: PullAllowance, retryAt: number): string {
  return `the allowance of ${pulls} pulls in ${printDuration(windowMs)} at ${host} is used up; the ferry retries at ${printUtc(retryAt)}. Credentials for ${host} may raise the limit`;
}
