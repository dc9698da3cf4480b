import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';

import { toFailure } from '../../src/activities/to-failure.js';
import { toFault } from '../../src/contract/to-fault.js';
import { DatabaseFault } from '../../src/database/database-fault.js';
import { FerryError } from '../../src/domain/ferry-error.js';

const fault = (decision: 'retry' | 'wait' | 'block', retryAfterMs?: number): FerryError =>
  new FerryError('target aliyun answered 429', {
    code: 'rate-limited',
    decision,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: new Error('request to https://user:secret@host'),
  });

describe('errors become failures in one place', () => {
  test.each([
    ['retry', false],
    ['wait', false],
    ['block', true],
  ] as const)('a fault to %s carries its code and decision (non-retryable: %s)', (decision, nonRetryable) => {
    const failure = toFailure(fault(decision), 1) as ApplicationFailure;

    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure.type).toBe('rate-limited');
    expect(failure.nonRetryable).toBe(nonRetryable);
    expect(failure.details).toEqual([{ decision }]);
  });

  test('an activity is retried while the database refuses writes, and is not retried after an invalid statement', () => {
    const refused = toFailure(new DatabaseFault('it is read-only', 'refused'), 9) as ApplicationFailure;
    const statement = toFailure(new DatabaseFault('there is no such column', 'statement'), 1) as ApplicationFailure;

    expect([refused.nonRetryable, statement.nonRetryable]).toEqual([false, true]);
  });

  test('a retry delay that the registry requested delays the next attempt of the activity', () => {
    const failure = toFailure(fault('wait', 90_000), 1) as ApplicationFailure;

    expect(failure.nextRetryDelay).toBe(90_000);
  });

  test('the cause of a fault is not written to the workflow history', () => {
    const failure = toFailure(fault('retry'), 1) as ApplicationFailure;

    expect(failure.cause).toBeUndefined();
  });

  test('a bug in an activity is retried a few times and then shown under its own name', () => {
    const bug = new TypeError('x is not a function');

    const [first, last] = [toFailure(bug, 1), toFailure(bug, 5)] as ApplicationFailure[];

    expect([first?.type, first?.nonRetryable]).toEqual(['TypeError', false]);
    expect([last?.type, last?.nonRetryable]).toEqual(['TypeError', true]);
  });

  test('a cancellation that becomes a failure stays a cancellation', () => {
    const cancelled = new CancelledFailure('cancelled');

    expect(toFailure(cancelled, 1)).toBe(cancelled);
  });

  test('a fault as a value keeps code, decision, reason and wait, and nothing else', () => {
    expect(toFault(fault('wait', 5_000))).toEqual({
      code: 'rate-limited',
      decision: 'wait',
      reason: 'target aliyun answered 429',
      retryAfterMs: 5_000,
    });
    expect(toFault(new TypeError('bug'))).toBeUndefined();
  });
});

test.each([
  [new FerryError('a\u001b[2J\u202e\nb', { code: 'internal', decision: 'block' })],
  [new Error('a\u001b[2J\u202e\nb')],
])('a failure shows what drives a terminal as escapes: %s', (error) => {
  const failure = toFailure(error, 1) as ApplicationFailure;

  expect(failure.message).toBe('a\\u001b[2J\\u202e\nb');
  expect(String(failure.cause?.stack ?? '')).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(toFault(error)?.reason ?? failure.message).toBe('a\\u001b[2J\\u202e\nb');
});
