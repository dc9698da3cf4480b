import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterEach, beforeEach, expect, inject, test } from 'vitest';

import { requireTool } from '../support/tools.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

let worker: WorkflowWorker;

beforeEach(async () => {
  worker = await startWorkflowWorker(new ScriptedWorld().activities());
});
afterEach(async () => {
  await worker.stop();
});

test.each([
  ['SyncAll', []],
  ['SyncAll', ['--input', '{}']],
  ['AddImage', ['--input', '{"images":["nginx:1.27"],"platforms":["linux/amd64"]}']],
  ['AddImage', ['--input', '{"images":[{"image":"nginx:1.27","platforms":["linux/arm64"]}]}']],
  ['RequestSyncAll', ['--input', '{"reason":"by hand"}']],
])('temporal workflow start --type %s accepts the input %j', async (type, input) => {
  const workflowId = await start(type, input);

  await worker.client.workflow.getHandle(workflowId).result();

  expect((await worker.client.workflow.getHandle(workflowId).describe()).status.name).toBe('COMPLETED');
});

test.each(['{"images":[]}', '{"images":"nginx"}', '{"image":"nginx"}', '{"images":["nginx"],"platforms":"all"}', '7'])(
  'AddImage with the invalid input %s fails with a description of the expected input',
  async (input) => {
    const workflowId = await start('AddImage', ['--input', input]);

    await expect(worker.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('AddImage expects {"images"') as string },
    });
  },
);

/** The ID of the started workflow. */
async function start(type: string, input: readonly string[]): Promise<string> {
  const command = ['workflow', 'start', '--type', type, '--task-queue', 'ferry', '--output', 'json'];
  const place = ['--address', inject('temporalAddress'), '--namespace', worker.namespace];
  const { stdout } = await promisify(execFile)(requireTool('temporal'), [...command, ...place, ...input]);
  return (JSON.parse(stdout) as { readonly workflowId: string }).workflowId;
}
