import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';

import { toFault } from '../../src/contract/to-fault.js';
import { toFailure } from '../../src/activities/to-failure.js';
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

  test('what is to be recorded is tried until the database takes it, whatever a person has to do there', () => {
    const refused = toFailure(new DatabaseFault('it is read-only', 'refused'), 9) as ApplicationFailure;
    const statement = toFailure(new DatabaseFault('there is no such column', 'statement'), 1) as ApplicationFailure;

    expect([refused.nonRetryable, statement.nonRetryable]).toEqual([false, true]);
  });

  test('a wait that the other side named delays the next attempt', () => {
    const failure = toFailure(fault('wait', 90_000), 1) as ApplicationFailure;

    expect(failure.nextRetryDelay).toBe(90_000);
  });

  test('what hangs below a fault stays out of the history', () => {
    const failure = toFailure(fault('retry'), 1) as ApplicationFailure;

    expect(failure.cause).toBeUndefined();
  });

  test('a bug is tried a few times and then shown under its own name', () => {
    const bug = new TypeError('x is not a function');

    const [first, last] = [toFailure(bug, 1), toFailure(bug, 5)] as ApplicationFailure[];

    expect([first?.type, first?.nonRetryable]).toEqual(['TypeError', false]);
    expect([last?.type, last?.nonRetryable]).toEqual(['TypeError', true]);
  });

  test('a cancellation stays one', () => {
    const cancelled = new CancelledFailure('cancelled');

    expect(toFailure(cancelled, 1)).toBe(cancelled);
  });

  test('as a value a fault keeps code, decision, reason and wait, and nothing else', () => {
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
