import { afterEach, beforeEach, expect, test } from 'vitest';

import { TaskQueue } from '../../src/contract/task-queues.js';
import { ADD_IMAGE_ID_PREFIX, WorkflowName } from '../../src/contract/workflow-names.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
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
    workflowId: `${ADD_IMAGE_ID_PREFIX}${delivery}`,
    args: [input],
  });
}

test('a repeated delivery asks for a sync, too: the first run may have been ended before it did', async () => {
  world.deliveries.add('d-1');

  const repeated = await add('d-1');

  expect(repeated).toEqual({ images: [], repeated: true, syncRequested: true });
  expect(world.signalled.map(({ reason }) => reason)).toEqual(['add-image d-1']);
});

test.each([
  ['platform', 'of the request', { images: ['a:1'], platform: 'linux/arm64' }],
  ['platform', 'of an image', { images: [{ image: 'a:1', platform: 'linux/arm64' }] }],
])('a field that is not known, %s %s, is said and not passed over', async (field, _whose, input) => {
  const run = worker.client.workflow.execute(WorkflowName.addImage, {
    taskQueue: TaskQueue.main,
    workflowId: `${ADD_IMAGE_ID_PREFIX}d-1`,
    args: [input],
  });

  await expect(run).rejects.toMatchObject({
    cause: { type: 'invalid-input', message: expect.stringContaining(`"${field}" is not known there`) as string },
  });
  expect([...world.deliveries]).toEqual([]);
});

test('no sync is asked for where the sender wants none', async () => {
  world.deliveries.add('d-1');

  const [repeated, first] = [await add('d-1', false), await add('d-2', false)];

  expect([repeated, first]).toMatchObject([{ syncRequested: false }, { syncRequested: false }]);
  expect(world.signalled).toEqual([]);
});
