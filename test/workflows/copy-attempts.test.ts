import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/contract/activity-types.js';
import { againAt, pauseBeforeNextAttempt, stateOf } from '../../src/workflows/copy-attempts.js';

const retry: Fault = { code: 'unreachable', decision: 'retry', reason: 'connection refused' };
const block: Fault = { code: 'unauthorized', decision: 'block', reason: 'wrong password' };
const wait = (retryAfterMs?: number): Fault => ({
  code: 'rate-limited',
  decision: 'wait',
  reason: '429',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe('rounds of one image in one run', () => {
  test('a fault that may pass is tried again after a growing pause, and not for ever', () => {
    const pauses = [0, 1, 2, 3].map((attempt) => pauseBeforeNextAttempt(attempt, [retry]));

    expect(pauses).toEqual([2_000, 8_000, 20_000, undefined]);
  });

  test('what only a person can mend is not tried again', () => {
    expect(pauseBeforeNextAttempt(0, [block])).toBeUndefined();
  });

  test('one target that may recover is enough for another attempt', () => {
    expect(pauseBeforeNextAttempt(0, [block, retry])).toBe(2_000);
  });

  test('a short rate limit is slept through, a long one is left to a later run', () => {
    expect(pauseBeforeNextAttempt(0, [wait(25_000)])).toBe(25_000);
    expect(pauseBeforeNextAttempt(0, [wait(60_000)])).toBeUndefined();
    expect(pauseBeforeNextAttempt(0, [wait()])).toBeUndefined();
  });

  test('a target that is known to be away holds nobody up', () => {
    expect(pauseBeforeNextAttempt(0, [{ ...retry, again: 'next-run' }])).toBeUndefined();
  });

  test.each([
    ['the earliest time that was named', [wait(7_200_000), wait(3_600_000), retry], 3_600_000],
    ['not within a minute', [wait(31_000)], 60_000],
    ['within a day', [wait(90 * 86_400_000)], 86_400_000],
    ['by nothing that an attempt waits for', [wait(25_000), wait()], undefined],
    ['by nothing that a person has to mend', [{ ...block, retryAfterMs: 3_600_000 }], undefined],
  ] as const)('a run comes back: %s', (_when, faults, afterMs) => {
    expect(againAt(faults, 1_000)).toBe(afterMs === undefined ? undefined : 1_000 + afterMs);
  });

  test('nothing open needs no other round', () => {
    expect(pauseBeforeNextAttempt(0, [])).toBeUndefined();
  });

  test.each([
    [retry, 'retrying'],
    [wait(), 'waiting'],
    [block, 'blocked'],
  ] as const)('%o is recorded as %s', (fault, state) => {
    expect(stateOf(fault)).toBe(state);
  });
});
