import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { connectClient } from '../../src/client/connect.js';
import { glanceAtTemporal } from '../../src/client/glance/temporal-glance.js';
import { unservedQueues } from '../../src/client/worker-availability.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { WorkflowName } from '../../src/contract/workflow-names.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const queues = Object.values(TaskQueue);
const noProxy = {};

let worker: WorkflowWorker;

beforeEach(async () => {
  worker = await startWorkflowWorker(new ScriptedWorld().activities());
});
afterEach(async () => {
  await worker.stop();
});

test('a glance says the same as the client about task queues with and without workers', async () => {
  const address = inject('temporalAddress');
  const client = await connectClient({ address, namespace: worker.namespace });
  try {
    // The server knows a worker from its first poll on.
    await expect
      .poll(async () => await unservedQueues(client, queues), { timeout: 30_000 })
      .not.toContain(TaskQueue.main);
    const byClient = await unservedQueues(client, queues);

    const glance = await glanceAtTemporal({ address, namespace: worker.namespace }, queues, noProxy);

    expect(byClient).toContain(TaskQueue.docker);
    expect(byClient).not.toContain(TaskQueue.main);
    expect(glance).toEqual({ runningFetches: 0, unserved: byClient });
  } finally {
    await client.close();
  }
});

test('running checks of upstreams are counted', async () => {
  const { client, namespace } = worker;
  const handles = await Promise.all(
    ['fetch-a', 'fetch-b'].map(
      async (workflowId) =>
        await client.workflow.start(WorkflowName.fetchUpstream, { workflowId, taskQueue: 'without-worker', args: [] }),
    ),
  );
  const glance = async () =>
    await glanceAtTemporal({ address: inject('temporalAddress'), namespace }, [TaskQueue.main], noProxy);

  await expect.poll(glance, { timeout: 30_000 }).toEqual({ runningFetches: 2, unserved: [] });

  await Promise.all(handles.map(async (handle) => await handle.terminate()));
});

test.each([
  ['a namespace that does not exist', { namespace: 'no-such-namespace' }, noProxy],
  ['a server that is not there', { address: '127.0.0.1:1' }, noProxy],
  ['a server with TLS', { connection: { tls: true } }, noProxy],
  ['an API key', { connection: { apiKey: 'a-key' } }, noProxy],
  ['an address without a port', { address: 'localhost' }, noProxy],
  ['a proxy', {}, { https_proxy: 'http://127.0.0.1:1' }],
])('%s is left to the client', async (_, options, variables) => {
  const connection = { address: inject('temporalAddress'), namespace: worker.namespace, ...options };

  expect(await glanceAtTemporal(connection, queues, variables)).toBeUndefined();
});
