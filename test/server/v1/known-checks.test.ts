import { expect, test } from 'vitest';

import type { EndedCheck } from '../../../src/domain/ended-check.js';
import { knownChecks } from '../../../src/server/v1/known-checks.js';

const nothing = { added: [], changed: [], removed: [], unchanged: 0, wanted: [], skipped: [], notes: [] };
const stored = (id: string, startedAt: number, change: Partial<EndedCheck> = {}): EndedCheck => ({
  id,
  upstream: 'dify',
  workflowId: 'fetch-dify',
  runId: id.split('/')[0] ?? '',
  startedAt,
  finishedAt: startedAt + 1,
  report: { ...nothing, release: id },
  ...change,
});
const inTemporal = (runId: string, startedAt: number, state: 'running' | 'done' | 'failed' | 'cancelled') => ({
  id: `${runId} ${state}`,
  workflowId: 'fetch-dify',
  runId,
  startedAt,
  state,
  ...nothing,
});

test('a check that Temporal has forgotten is known from the database, and one that both have is shown once', () => {
  const checks = knownChecks(
    [inTemporal('c', 30, 'running'), inTemporal('b', 20, 'done'), inTemporal('x', 15, 'cancelled')],
    [stored('b', 20), stored('b/2', 21), stored('a', 10)],
    10,
  );

  expect(checks.map(({ id, state }) => [id, state])).toEqual([
    ['c running', 'running'],
    ['b/2', 'done'],
    ['b', 'done'],
    ['x cancelled', 'cancelled'],
    ['a', 'done'],
  ]);
  expect(checks.at(-1)).toMatchObject({ release: 'a', finishedAt: 11 });
});

test('a recorded fault is a failed check, and a report that cannot be read says so', () => {
  const checks = knownChecks(
    [],
    [stored('f', 2, { fault: 'GitHub: 404', report: undefined }), stored('u', 1, { report: { release: 7 } })],
    10,
  );

  expect(checks.map(({ state, fault, notes }) => [state, fault, notes])).toEqual([
    ['failed', 'GitHub: 404', []],
    ['done', undefined, ['what this check found cannot be read from the database']],
  ]);
});

test('only the newest checks are shown', () => {
  const many = Array.from({ length: 30 }, (_, index) => stored(`run-${index}`, index));

  expect(knownChecks([], many, 5).map(({ id }) => id)).toEqual(['run-29', 'run-28', 'run-27', 'run-26', 'run-25']);
});
