import { afterEach, beforeEach, expect, test } from 'vitest';

import type { CopyByDockerInput, CopyImageResult, ImagePlan } from '../../src/contract/activity-types.js';
import type { SyncImageResult } from '../../src/contract/sync-messages.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { WorkflowName } from '../../src/contract/workflow-names.js';
import { impatientWorkflowBundle, startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { planned, pushedTo, ScriptedWorld } from './scripted-world.js';

const image = 'docker.io/library/a:1';
const found = `sha256:${'b'.repeat(64)}`;

type Plan = Extract<ImagePlan, { kind: 'planned' }>;

let world: ScriptedWorld;
let worker: WorkflowWorker;
let asked: CopyByDockerInput[];
let answer: (input: CopyByDockerInput) => CopyImageResult;

beforeEach(async () => {
  world = new ScriptedWorld();
  asked = [];
  answer = ({ destinations }) => ({
    done: destinations.map(({ target }) => pushedTo(target)),
    open: [],
    bytesRead: 0,
    sourceDigest: found,
    missingPlatforms: ['linux/s390x'],
  });
  worker = await startWorkflowWorker({
    ...world.activities(),
    copyByDocker: async (input) => {
      asked.push(input);
      return await Promise.resolve(answer(input));
    },
  });
});
afterEach(async () => {
  await worker.stop();
});

/** A plan that reaches some targets through a Docker daemon; if it reaches all so, the source was not resolved. */
function withDocker(targets: readonly string[], byDocker: readonly string[]): Plan {
  const { sourceDigest, ...plan } = planned(image, targets) as Plan;
  const open = plan.open.map(({ destination }) =>
    byDocker.includes(destination.target)
      ? { destination: { ...destination, engine: 'docker' as const } }
      : { destination },
  );
  const isSeen = byDocker.length < targets.length && sourceDigest !== undefined;
  return { ...plan, open, ...(isSeen ? { sourceDigest } : {}) };
}

async function sync(): Promise<SyncImageResult> {
  return (await worker.client.workflow.execute(WorkflowName.syncImage, {
    taskQueue: TaskQueue.main,
    workflowId: `sync-image/${image}`,
    args: [{ image, run: 'run-1' }],
  })) as SyncImageResult;
}

test('both engines copy one image to their targets with the same source digest', async () => {
  const plan = withDocker(['aliyun', 'private'], ['private']);
  world.plans.set(image, () => plan);

  const result = await sync();

  expect(result).toMatchObject({ state: 'pushed', sourceDigest: plan.sourceDigest });
  expect(result.targets.map(({ target }) => target)).toEqual(['aliyun', 'private']);
  expect(world.copied).toEqual([image]);
  expect(asked).toMatchObject([{ sourceDigest: plan.sourceDigest, destinations: [{ target: 'private' }] }]);
});

test('results that only daemons know are recorded as they reported them', async () => {
  world.plans.set(image, () => withDocker(['private'], ['private']));

  const result = await sync();

  expect(result).toMatchObject({ state: 'pushed', sourceDigest: found });
  expect(world.recorded).toMatchObject([{ sourceDigest: found, missingPlatforms: ['linux/s390x'] }]);
  expect(asked[0]).not.toHaveProperty('sourceDigest');
});

test('a daemon that has completed its target is not used again while another target is retried', async () => {
  world.plans.set(image, () => withDocker(['one', 'two'], ['one', 'two']));
  const fault = { code: 'unreachable', decision: 'retry', reason: 'no route' } as const;
  answer = ({ destinations }) => ({
    done: destinations
      .filter(({ target }) => target === 'one' || asked.length > 1)
      .map(({ target }) => pushedTo(target)),
    open: destinations
      .filter(({ target }) => target === 'two' && asked.length === 1)
      .map((destination) => ({ destination, fault })),
    bytesRead: 0,
    sourceDigest: found,
  });

  const result = await sync();

  expect(result).toMatchObject({ state: 'pushed', notDone: [] });
  expect(result.targets.map(({ target }) => target).toSorted()).toEqual(['one', 'two']);
  expect(asked.map(({ destinations }) => destinations.map(({ target }) => target))).toEqual([['one', 'two'], ['two']]);
  expect(asked[1]?.sourceDigest).toBe(found);
});

test.each(['wait', 'block'] as const)('a tag that a daemon does not find has the decision %s', async (missingTag) => {
  world.plans.set(image, () => ({ ...withDocker(['private'], ['private']), missingTag }));
  answer = ({ destinations }) => ({
    done: [],
    open: destinations.map((destination) => ({ destination })),
    bytesRead: 0,
    sourceFault: { code: 'tag-missing', decision: 'wait', reason: 'manifest unknown' },
  });

  const result = await sync();

  const state = missingTag === 'wait' ? 'waiting' : 'blocked';
  expect(result).toMatchObject({ state, notDone: [{ image, state, code: 'tag-missing' }] });
  expect(world.recorded).toMatchObject([{ targets: [], sourceFault: { state, tagMissing: true } }]);
});

test('a copy that no worker with a daemon starts is retried by the next run, and copies to other targets are recorded', async () => {
  world.plans.set(image, () => withDocker(['aliyun', 'private'], ['private']));
  await worker.stop();
  worker = await startWorkflowWorker(world.activities(), await impatientWorkflowBundle());

  const result = await sync();

  const untaken = { target: 'private', state: 'retrying', code: 'unreachable' };
  expect(result).toMatchObject({ state: 'retrying', notDone: [{ image, ...untaken }] });
  expect(result.notDone[0]?.reason).toContain('ferry-docker');
  expect(world.recorded).toMatchObject([{ targets: [{ target: 'aliyun', state: 'pushed' }, untaken] }]);
  expect(world.copied).toEqual([image]);
});
