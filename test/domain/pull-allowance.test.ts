import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { freeInMs, pullsFree, sliceAt } from '../../src/domain/pull-allowance.js';
import type { CountedPulls } from '../../src/domain/pull-allowance.js';

const hour = 3_600_000;
const hub = { pulls: 100, windowMs: 6 * hour };
const now = 1_000 * hour;

describe('an allowance of pulls', () => {
  test('a pull allowance is complete if nothing was pulled', () => {
    expect(pullsFree(hub, [], now)).toBe(100);
    expect(freeInMs(hub, [], now)).toBe(0);
  });

  test('a pull allowance is used up after its number of pulls and free again one window later', () => {
    const counted = [{ at: now, pulls: 100 }];

    expect(pullsFree(hub, counted, now)).toBe(0);
    expect(pullsFree(hub, counted, now + 6 * hour - 1)).toBe(0);
    expect(pullsFree(hub, counted, now + 6 * hour + 60_000)).toBe(100);
  });

  test('a retry waits until a tenth of the pull allowance is free, not for each single pull', () => {
    const counted = [
      { at: now - 4 * hour, pulls: 3 },
      { at: now - 3 * hour, pulls: 8 },
      { at: now - hour, pulls: 89 },
    ];

    expect(freeInMs(hub, counted, now)).toBe(3 * hour + 60_000);
  });

  test('a pull allowance that is smaller than the pulls already made is zero, not negative', () => {
    expect(pullsFree({ ...hub, pulls: 10 }, [{ at: now, pulls: 50 }], now)).toBe(0);
  });

  test('no window ever contains more pulls than the allowance, whenever they are made', () => {
    const allowance = { pulls: 7, windowMs: 1_000 };
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 120 }), (pauses) => {
        let counted: CountedPulls[] = [];
        const made: number[] = [];
        let time = now;
        for (const pause of pauses) {
          time += pause;
          if (pullsFree(allowance, counted, time) === 0) continue;
          made.push(time);
          counted = [...counted, { at: sliceAt(allowance, time), pulls: 1 }];
        }

        const most = Math.max(0, ...made.map((end) => made.filter((at) => at > end - 1_000 && at <= end).length));
        expect(most).toBeLessThanOrEqual(7);
      }),
    );
  });

  test('enough of the pull allowance is free at the announced time', () => {
    const slices = fc.array(fc.record({ at: fc.integer({ min: now - 7 * hour, max: now }), pulls: fc.nat(40) }));
    fc.assert(
      fc.property(slices, (counted) => {
        const later = now + freeInMs(hub, counted, now);

        expect(pullsFree(hub, counted, later)).toBeGreaterThanOrEqual(10);
      }),
    );
  });
});
