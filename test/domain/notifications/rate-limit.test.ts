import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { nextTokenAt, takeToken, tokensAt } from '../../../src/domain/notifications/rate-limit.js';
import type { BucketTimes, RateLimit } from '../../../src/domain/notifications/rate-limit.js';

const limit = fc.record({ count: fc.integer({ min: 1, max: 200 }), perMs: fc.integer({ min: 500, max: 120_000 }) });

test('no window of the length of a limit ever contains more messages than the limit, however they arrive', () => {
  fc.assert(
    fc.property(
      fc.array(limit, { minLength: 1, maxLength: 2 }),
      fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 300 }),
      (limits, pauses) => {
        const sent: number[] = [];
        let times: BucketTimes = {};
        let now = 1_000_000;
        for (const pause of pauses) {
          now = nextTokenAt(limits, times, now + pause);
          expect(tokensAt(limits, times, now)).toBeGreaterThan(0);
          times = takeToken(limits, times, now);
          sent.push(now);
        }
        for (const { count, perMs } of limits) {
          for (const [position, at] of sent.entries()) {
            expect(sent.slice(position).filter((one) => one < at + perMs).length).toBeLessThanOrEqual(count);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('20 a minute are a burst of five and then one every four seconds: more than 14 a minute in the long run', () => {
  const limits: RateLimit[] = [{ count: 20, perMs: 60_000 }];
  let times: BucketTimes = {};
  let now = 0;
  const sent: number[] = [];
  while (now < 600_000) {
    times = takeToken(limits, times, now);
    sent.push(now);
    now = nextTokenAt(limits, times, now);
  }

  expect(sent.filter((at) => at === 0)).toHaveLength(5);
  expect(sent.length).toBeGreaterThan(145);
});

test('a clock that was ahead holds back a channel for no longer than an empty bucket does', () => {
  const limits: RateLimit[] = [{ count: 20, perMs: 60_000 }];
  const ahead = takeToken(limits, {}, 10 ** 12);

  expect(nextTokenAt(limits, ahead, 1_000) - 1_000).toBeLessThan(60_000);
});

test('a channel without limits may always send', () => {
  expect(tokensAt([], {}, 1)).toBe(Number.MAX_SAFE_INTEGER);
  expect(nextTokenAt([], {}, 1)).toBe(1);
});
