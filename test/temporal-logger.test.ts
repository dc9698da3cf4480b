import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { pino } from 'pino';
import { expect, test } from 'vitest';

import { temporalLogger } from '../src/temporal-logger.js';

function logged(error: Error): unknown {
  const lines: string[] = [];
  const logger = temporalLogger(pino({}, { write: (line: string) => void lines.push(line) }));
  logger.warn('Activity failed', { error, taskQueue: 'ferry' });
  return JSON.parse(lines.join(''));
}

test('the log contains the reason why an activity or a workflow failed', () => {
  const cause = ApplicationFailure.create({ type: 'database', message: 'MySQL db:3306: it is shutting down' });
  const wrapped = new ActivityFailure('Activity task failed', 'beginRun', '1', RetryState.TIMEOUT, 'worker', cause);

  expect(logged(cause)).toMatchObject({
    msg: 'Activity failed',
    taskQueue: 'ferry',
    error: { type: 'ApplicationFailure', message: 'MySQL db:3306: it is shutting down' },
  });
  expect(logged(wrapped)).toMatchObject({
    error: { message: 'Activity task failed: MySQL db:3306: it is shutting down' },
  });
});

test('the log contains the stack of an unexpected error', () => {
  const bug = new TypeError('the engine reported on what was not requested');
  const failure = ApplicationFailure.create({ type: bug.name, message: bug.message, cause: bug });

  expect(logged(failure)).toMatchObject({ error: { type: 'TypeError', message: bug.message, stack: bug.stack } });
});
