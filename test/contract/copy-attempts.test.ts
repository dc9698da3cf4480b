import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/contract/activity-types.js';
import { againAt, pauseBeforeNextAttempt, stateOf } from '../../src/contract/copy-attempts.js';

const retry: Fault = { code: 'unreachable', decision: 'retry', reason: 'connection refused' };
const block: Fault = { code: 'unauthorized', decision: 'block', reason: 'wrong password' };
const wait = (retryAfterMs?: number): Fault => ({
  code: 'rate-limited',
  decision: 'wait',
  reason: '429',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe('attempts of one image in one run', () => {
  test('a temporary fault is retried after growing pauses, a limited number of times', () => {
    const pauses = [0, 1, 2, 3].map((attempt) => pauseBeforeNextAttempt(attempt, [retry]));

    expect(pauses).toEqual([2_000, 8_000, 20_000, undefined]);
  });

  test('a copy with a fault that needs a person is not attempted again', () => {
    expect(pauseBeforeNextAttempt(0, [block])).toBeUndefined();
  });

  test('one target that may recover is enough for another attempt', () => {
    expect(pauseBeforeNextAttempt(0, [block, retry])).toBe(2_000);
  });

  test('a short rate limit is slept in the workflow, and a long one is left to a later run', () => {
    expect(pauseBeforeNextAttempt(0, [wait(25_000)])).toBe(25_000);
    expect(pauseBeforeNextAttempt(0, [wait(60_000)])).toBeUndefined();
    expect(pauseBeforeNextAttempt(0, [wait()])).toBeUndefined();
  });

  test('a target that is known to be unavailable does not delay the others', () => {
    expect(pauseBeforeNextAttempt(0, [{ ...retry, again: 'next-run' }])).toBeUndefined();
  });

  test.each([
    ['at the earliest announced time', [wait(7_200_000), wait(3_600_000), retry], 3_600_000],
    ['no sooner than in a minute', [wait(31_000)], 60_000],
    ['within a day', [wait(90 * 86_400_000)], 86_400_000],
    ['nothing that an attempt sleeps for', [wait(25_000), wait()], undefined],
    ['nothing that needs a person', [{ ...block, retryAfterMs: 3_600_000 }], undefined],
  ] as const)('a later run retries %s', (_when, faults, afterMs) => {
    expect(againAt(faults, 1_000)).toBe(afterMs === undefined ? undefined : 1_000 + afterMs);
  });

  test('no further attempt is made if no target is open', () => {
    expect(pauseBeforeNextAttempt(0, [])).toBeUndefined();
  });

  test.each([
    [retry, 'retrying'],
    [wait(), 'waiting'],
    [block, 'blocked'],
  ] as const)('the fault %o is recorded as %s', (fault, state) => {
    expect(stateOf(fault)).toBe(state);
  });
});
