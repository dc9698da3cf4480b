import { Client, Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';

import { freshNamespace } from './temporal-server.js';

test('every test file has a namespace of its own on the shared Temporal server', async () => {
  const [first, second] = [freshNamespace(), freshNamespace()];
  const connection = await Connection.connect({ address: inject('temporalAddress') });

  const [one, other] = await Promise.all(
    [first, second].map(async (namespace) => {
      const handle = await new Client({ connection, namespace }).workflow.start('Nothing', {
        taskQueue: 'without-worker',
        workflowId: 'the-same',
      });
      return handle.describe();
    }),
  );
  await connection.close();

  expect(first).not.toBe(second);
  expect(one?.runId).not.toBe(other?.runId);
});
