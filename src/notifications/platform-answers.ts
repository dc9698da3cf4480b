import { inWords } from './post.js';
import type { PlatformAnswer } from './post.js';
import type { SendResult } from './sender.js';

/** A throttled attempt with the platform's usual penalty, where the answer names no time. */
export function afterThrottle(result: SendResult, penaltyMs: number): SendResult {
  if (result.outcome !== 'throttled') return result;
  return { ...result, retryAfterMs: Math.max(result.retryAfterMs ?? 0, penaltyMs) };
}

/** The platform is busy, in the numbers that DingTalk and WeCom share. */
const busy = -1;

/** Judges an answer of DingTalk or WeCom: HTTP 200 says nothing, `errcode` does. */
export function errcodeResult(
  answer: PlatformAnswer,
  { throttledCodes, penaltyMs }: { readonly throttledCodes: ReadonlySet<unknown>; readonly penaltyMs: number },
): SendResult {
  const { errcode } = answer.fields;
  const words = inWords(answer);
  if (answer.status === 200 && errcode === 0) return { outcome: 'sent', answer: words };
  if (throttledCodes.has(errcode)) return { outcome: 'throttled', answer: words, retryAfterMs: penaltyMs };
  return { outcome: errcode === busy ? 'failed' : 'refused', answer: words };
}
