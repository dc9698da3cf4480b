import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

import { refusal } from './problems.js';

/** Rate limit per sender. Only authenticated senders are counted, so that unknown ones cost no memory. */
export interface RequestLimit {
  /** @throws HTTPException 429 with Retry-After when the limit is exceeded */
  count(sender: string): Promise<void>;
}

export function createRequestLimit(requestsPerMinute: number): RequestLimit {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  return {
    async count(sender) {
      try {
        await limiter.consume(sender);
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
        throw refusal(429, `rate limit of ${requestsPerMinute} requests per minute exceeded: retry in ${seconds} s`, {
          'retry-after': String(seconds),
        });
      }
    },
  };
}
