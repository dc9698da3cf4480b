import { afterEach, expect, test, vi } from 'vitest';

import { watchSync } from '../../src/cli/sync-progress.js';
import type { TemporalClient } from '../../src/client/connect.js';
import type { SyncAllResult, SyncProgress } from '../../src/contract/sync-messages.js';
import { writtenTo } from '../support/written-to.js';

const result: SyncAllResult = { runs: 1, images: 3, pushed: 3, waiting: 0, retrying: 0, blocked: 0, notDone: [] };

afterEach(() => {
  vi.restoreAllMocks();
});

/** The output while a run is watched that answers with this progress and then ends. */
async function saidOf(answer: SyncProgress): Promise<string> {
  const said = writtenTo('stderr');
  let end: (result: SyncAllResult) => void = () => undefined;
  const over = new Promise<SyncAllResult>((resolve) => (end = resolve));
  const query = async (): Promise<SyncProgress> => {
    // Ends once the progress has been shown.
    setImmediate(() => end(result));
    return await Promise.resolve(answer);
  };
  const temporal = {
    client: { workflow: { getHandle: () => ({ query }) } },
    withDeadline: async <T>(call: () => Promise<T>) => await call(),
  } as unknown as TemporalClient;
  expect(await watchSync(temporal, over)).toEqual(result);
  return said.join('');
}

test('ferry sync --wait prints the progress of the run', async () => {
  const under = { ...result, images: 1, pushed: 1 };

  const said = await saidOf({
    phase: 'copying',
    queued: 1,
    inFlight: ['docker.io/library/nginx:1'],
    single: [],
    result: under,
  });

  expect(said).toBe('copying: 1 pushed, 0 waiting, 0 retrying, 0 blocked; 1 in flight, 1 queued\n');
});

test('ferry sync --wait does not print progress from before the run', async () => {
  const none = { ...result, images: 0, pushed: 0 };

  const said = await saidOf({ phase: 'starting', queued: 0, inFlight: [], single: [], result: none });

  expect(said).toBe('');
});
