import type { SendResult } from './sender.js';

/** A throttled attempt with the platform's usual penalty, where the answer names no time. */
export function afterThrottle(result: SendResult, penaltyMs: number): SendResult {
  if (result.outcome !== 'throttled') return result;
  return { ...result, retryAfterMs: Math.max(result.retryAfterMs ?? 0, penaltyMs) };
}
