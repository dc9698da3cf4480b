import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

import { refusal } from './problems.js';

/** How often one sender may ask. Only senders that have proved who they are count: strangers cost no memory. */
export interface RequestLimit {
  /** @throws HTTPException 429 with Retry-After when there were too many */
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
        throw refusal(429, `more than ${requestsPerMinute} requests a minute: wait ${seconds} s`, {
          'retry-after': String(seconds),
        });
      }
    },
  };
}
