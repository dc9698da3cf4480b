import { expect, test, vi } from 'vitest';

import { HistoryLimit } from '../../src/workflows/history-limit.js';

const history = vi.hoisted(() => ({ historyLength: 0, continueAsNewSuggested: false }));
vi.mock('@temporalio/workflow', () => ({ workflowInfo: () => history }));

test('a history is too long when it would be with what must still be started, and stays so', () => {
  const limit = new HistoryLimit(1_000);
  history.historyLength = 400;

  expect(limit.isReached(600)).toBe(false);
  expect(limit.isReached(601)).toBe(true);
  history.historyLength = 410;
  expect(limit.isReached(0)).toBe(true);
});

test('requested images may add some hundred events to a history that is too long', () => {
  const limit = new HistoryLimit(1_000);
  history.historyLength = 900;
  limit.isReached(200);

  history.historyLength = 1_899;
  expect(limit.mayStillGrow).toBe(true);
  history.historyLength = 1_900;
  expect(limit.mayStillGrow).toBe(false);
});
