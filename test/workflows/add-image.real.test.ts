import { afterEach, beforeEach, expect, test } from 'vitest';

import { TaskQueue } from '../../src/contract/task-queues.js';
import { addImageIdPrefix, WorkflowName } from '../../src/contract/workflow-names.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from './scripted-world.js';

let world: ScriptedWorld;
let worker: WorkflowWorker;

beforeEach(async () => {
  world = new ScriptedWorld();
  worker = await startWorkflowWorker(world.activities());
});
afterEach(async () => {
  await worker.stop();
});

async function add(delivery: string, sync?: boolean): Promise<unknown> {
  const input = { images: ['docker.io/library/a:1'], ...(sync === undefined ? {} : { sync }) };
  return await worker.client.workflow.execute(WorkflowName.addImage, {
    taskQueue: TaskQueue.main,
    workflowId: `${addImageIdPrefix}${delivery}`,
    args: [input],
  });
}

test('a repeated delivery requests a sync, too, since the first run may have ended before its request', async () => {
  world.deliveries.add('d-1');

  const repeated = await add('d-1');

  expect(repeated).toEqual({ images: [], repeated: true, syncRequested: true });
  expect(world.signalled.map(({ reason }) => reason)).toEqual(['add-image d-1']);
});

test.each([
  ['platform', 'of the request', { images: ['a:1'], platform: 'linux/arm64' }],
  ['platform', 'of an image', { images: [{ image: 'a:1', platform: 'linux/arm64' }] }],
])('AddImage refuses an input with an unknown field: %s %s', async (field, _whose, input) => {
  const run = worker.client.workflow.execute(WorkflowName.addImage, {
    taskQueue: TaskQueue.main,
    workflowId: `${addImageIdPrefix}d-1`,
    args: [input],
  });

  await expect(run).rejects.toMatchObject({
    cause: { type: 'invalid-input', message: expect.stringContaining(`"${field}"`) as string },
  });
  expect([...world.deliveries]).toEqual([]);
});

test('no sync is requested if the sender does not want one', async () => {
  world.deliveries.add('d-1');

  const [repeated, first] = [await add('d-1', false), await add('d-2', false)];

  expect([repeated, first]).toMatchObject([{ syncRequested: false }, { syncRequested: false }]);
  expect(world.signalled).toEqual([]);
});
