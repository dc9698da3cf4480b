import { printDuration } from './duration.js';
import { printUtc } from './utc-time.js';

/** How often a source lets its manifests be read: Docker Hub counts every GET of one as a pull, and no HEAD. */
export interface PullAllowance {
  readonly pulls: number;
  readonly windowMs: number;
}

/** What a source says of its allowance beside an answer. */
export interface AnnouncedPulls extends PullAllowance {
  readonly remaining: number;
  /** Whose pulls it counts together: an address or an account; '' where it does not say. */
  readonly rateLimitSource: string;
}

/** Pulls that were counted together; they weigh until `at` and the window have passed. */
export interface CountedPulls {
  /** End of the slice of time in which they were made, UTC ms. */
  readonly at: number;
  readonly pulls: number;
}

/** Whatever a source says of itself, it is asked again after a day; the longest window in use is Docker Hub's, six hours. */
export const longestAnnouncedWindowMs = 24 * 60 * 60 * 1_000;
/** A window is remembered in so many slices: a pull is forgotten at most a sixtieth of the window too late. */
const slicesInWindow = 60;
/** Between our count and the source's lies a request; so long a pull is remembered beyond its window. */
const longestRequestMs = 60_000;
/** Who waits waits for this part of the allowance, so that a run over all images is not made for a single pull. */
const worthComingBackFor = 0.1;

/** The slice of time that a pull at `now` belongs to, by its end. */
export function sliceAt({ windowMs }: PullAllowance, now: number): number {
  const sliceMs = Math.max(1, Math.ceil(windowMs / slicesInWindow));
  return (Math.floor(now / sliceMs) + 1) * sliceMs;
}

/** Slices that ended at or before this weigh no more. */
export function forgottenBefore({ windowMs }: PullAllowance, now: number): number {
  return now - windowMs - Math.min(longestRequestMs, windowMs / 4);
}

/**
 * Pulls that may be made now. Every pull weighs for a whole window from when it was made, which holds whether the source
 * counts in fixed windows or in a sliding one.
 */
export function pullsFree(allowance: PullAllowance, counted: readonly CountedPulls[], now: number): number {
  return Math.max(0, allowance.pulls - pullsSpent(allowance, counted, now));
}

/** Milliseconds until enough of the allowance is free again for coming back to be worth it. */
export function freeInMs(allowance: PullAllowance, counted: readonly CountedPulls[], now: number): number {
  const enough = Math.ceil(allowance.pulls * worthComingBackFor);
  const oldestFirst = counted.toSorted((a, b) => a.at - b.at);
  // Below zero where somebody else pulls with the same address, or the allowance was made smaller.
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

/** Why a pull is not made, for people. @param goesOnAt when enough is free again, UTC ms */
export function spentReason(host: string, { pulls, windowMs }: PullAllowance, goesOnAt: number): string {
  return `the allowance of ${pulls} pulls in ${printDuration(windowMs)} at ${host} is spent; it goes on by itself at ${printUtc(goesOnAt)}. Credentials for ${host} may raise the limit`;
}
