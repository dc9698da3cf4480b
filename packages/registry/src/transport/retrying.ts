import { setTimeout as sleep } from 'node:timers/promises';

import { RegistryError } from '../errors.js';
import type { Timing } from './timing.js';

export interface RetryOptions {
  /** How many attempts in all. */
  readonly attempts: number;
  readonly timing: Timing;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `attempt` until it works. Retries temporary faults: `retry` faults, and `wait` faults with an announced pause
 * that is no longer than this client waits. It throws every other fault, and the last one, unchanged.
 */
export async function retrying<T>(
  attempt: (number: number) => Promise<T>,
  { attempts, timing, signal }: RetryOptions,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      const pauseMs = number < attempts ? pauseBeforeRetry(error, number, timing) : undefined;
      if (pauseMs === undefined) throw error;
      await rest(pauseMs, signal);
    }
  }
}

/** Waits. @throws the signal's reason when it is aborted meanwhile */
export async function rest(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** `Retry-After` in milliseconds: seconds or an HTTP date; undefined if it is neither (GHCR writes `880µs`). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export function backoff(number: number, { backoffMs, longestPauseMs }: Timing): number {
  const full = Math.min(longestPauseMs, backoffMs * 2 ** (number - 1));
  return full / 2 + (Math.random() * full) / 2;
}

/** How long to pause after attempt `number`, in milliseconds; undefined if no pause of allowed length may help. */
export function pauseBeforeRetry(error: unknown, number: number, timing: Timing): number | undefined {
  if (!(error instanceof RegistryError) || error.decision === 'block') return undefined;
  const isToldWhen = error.code === 'rate-limited' || error.retryAfterMs !== undefined;
  if (error.decision === 'wait' && !isToldWhen) return undefined;
  // Never sooner than our own backoff: some registries send "one second" to everyone, whatever the load.
  const ownMs = backoff(error.decision === 'retry' ? number : number + 2, timing);
  const pauseMs = Math.max(error.retryAfterMs ?? 0, ownMs);
  return pauseMs <= timing.longestPauseMs ? pauseMs : undefined;
}
