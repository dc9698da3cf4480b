import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

import { refusal } from './problems.js';

/** Rate limit per sender. */
export interface RequestLimit {
  /** @throws HTTPException 429 with Retry-After when the limit is exceeded */
  count(sender: string): Promise<void>;
  /** The same without counting. */
  assertBelow(sender: string): Promise<void>;
}

/** @param what is limited, for messages */
export function createRequestLimit(requestsPerMinute: number, what = 'requests'): RequestLimit {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  return {
    async count(sender) {
      try {
        await limiter.consume(sender);
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        throw exceeded(error.msBeforeNext);
      }
    },
    async assertBelow(sender) {
      const known = await limiter.get(sender);
      if (known !== null && known.consumedPoints >= requestsPerMinute) throw exceeded(known.msBeforeNext);
    },
  };

  function exceeded(msBeforeNext: number): Error {
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    return refusal(429, `rate limit of ${requestsPerMinute} ${what} per minute exceeded: retry in ${seconds} s`, {
      'retry-after': String(seconds),
    });
  }
}
