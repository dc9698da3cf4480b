import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Fault, ImagePlan } from '../../src/contract/activity-types.js';
import type { SyncImageResult } from '../../src/contract/sync-messages.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { WorkflowName } from '../../src/contract/workflow-names.js';
import type { TargetOutcome } from '../../src/domain/wanted-image.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { planned, pushedTo, ScriptedWorld } from './scripted-world.js';

const image = 'docker.io/library/a:1';
const busy: Fault = { code: 'server-error', decision: 'retry', reason: 'busy' };
const away: Fault = { code: 'unreachable', decision: 'retry', reason: 'no route', again: 'next-run' };
const replaced = `sha256:${'e'.repeat(64)}`;

type Plan = Extract<ImagePlan, { kind: 'planned' }>;

let world: ScriptedWorld;
let worker: WorkflowWorker;

beforeEach(async () => {
  world = new ScriptedWorld();
  worker = await startWorkflowWorker(world.activities());
  // The first attempt serves `aliyun`, which had something else at the tag; the others serve everybody.
  world.copies.set(image, async ({ destinations }) => {
    const isFirst = world.copied.length === 1;
    const [done, open] = isFirst ? [destinations.slice(0, 1), destinations.slice(1)] : [destinations, []];
    return await Promise.resolve({
      done: done.map(({ target }) => delivered(target)),
      open: open.map((destination) => ({ destination, fault: busy })),
      bytesRead: 10,
    });
  });
});
afterEach(async () => {
  await worker.stop();
});

function delivered(target: string): TargetOutcome {
  return {
    ...pushedTo(target),
    ...(target === 'aliyun' ? { replaced, backup: 'aliyun.example.com/x:kept' } : {}),
  };
}

function withoutAliyun(plan: ImagePlan): Plan {
  const { open, ...rest } = plan as Plan;
  return { ...rest, open: open.filter(({ destination }) => destination.target !== 'aliyun') };
}

async function sync(): Promise<SyncImageResult> {
  return (await worker.client.workflow.execute(WorkflowName.syncImage, {
    taskQueue: TaskQueue.main,
    workflowId: `sync-image/${image}`,
    args: [{ image, run: 'run-1' }],
  })) as SyncImageResult;
}

const kept = { target: 'aliyun', state: 'pushed', replaced, backup: 'aliyun.example.com/x:kept' };

test('a target that got the image and is unavailable in the next attempt is recorded with the replaced digest', async () => {
  world.plans.set(image, (attempt) =>
    attempt === 0 ? planned(image) : { ...withoutAliyun(planned(image)), left: [{ target: 'aliyun', fault: away }] },
  );

  const result = await sync();

  expect(result).toMatchObject({ state: 'pushed', notDone: [] });
  expect(world.recorded).toMatchObject([{ targets: [kept, { target: 'private', state: 'pushed' }] }]);
});

test('a target that got the image and cannot be checked by the next plan is recorded', async () => {
  world.plans.set(image, (attempt) => {
    const plan = planned(image) as Plan;
    const open = plan.open.map((one) => (one.destination.target === 'aliyun' ? { ...one, fault: busy } : one));
    return attempt === 0 ? plan : { ...plan, open };
  });

  const result = await sync();

  expect(result).toMatchObject({ state: 'pushed', notDone: [] });
  expect(world.recorded[0]?.targets).toEqual(expect.arrayContaining([expect.objectContaining(kept)]));
});

test('a target that got the image by force is not copied again because another target failed', async () => {
  const asked: string[][] = [];
  const copy = world.copies.get(image);
  world.copies.set(image, async (input) => {
    asked.push(input.destinations.map(({ target }) => target));
    return (await copy?.(input)) ?? { done: [], open: [], bytesRead: 0 };
  });
  world.plans.set(image, () => ({ ...(planned(image) as Plan), force: true }));

  const result = await sync();

  expect(asked).toEqual([['aliyun', 'private'], ['private']]);
  expect(result).toMatchObject({ state: 'pushed', notDone: [] });
  expect(world.recorded[0]?.targets).toEqual(expect.arrayContaining([expect.objectContaining(kept)]));
});

test('a target that got the image is recorded if all targets are unavailable later, and the others are reported', async () => {
  const left = ['aliyun', 'private'].map((target) => ({ target, fault: away }));
  world.plans.set(image, (attempt) => (attempt === 0 ? planned(image) : { kind: 'left', rows: [1], readAt: 0, left }));

  const result = await sync();

  expect(result).toMatchObject({ state: 'retrying', notDone: [{ target: 'private', code: 'unreachable' }] });
  expect(world.recorded).toMatchObject([
    { sourceDigest: `sha256:${'a'.repeat(64)}`, targets: [kept, { target: 'private', state: 'retrying' }] },
  ]);
});

test('a target that got the image is not recorded if the source has moved, or if the tag belongs to another image', async () => {
  const moved = `sha256:${'b'.repeat(64)}`;
  const taken: Fault = { code: 'target-tag-taken', decision: 'block', reason: 'its tag belongs to another' };
  const left = [{ target: 'aliyun', fault: away }];
  const second: readonly ImagePlan[] = [
    { ...withoutAliyun(planned(image)), sourceDigest: moved, left },
    { ...withoutAliyun(planned(image)), left: [{ target: 'aliyun', fault: taken }] },
  ];

  for (const plan of second) {
    world.copied.length = 0;
    world.forgetAttempts();
    world.plans.set(image, (attempt) => (attempt === 0 ? planned(image) : plan));
    await sync();
  }

  expect(world.recorded.flatMap(({ targets }) => targets.map(({ target, state }) => [target, state]))).toEqual([
    ['private', 'pushed'],
    ['aliyun', 'retrying'],
    ['private', 'pushed'],
    ['aliyun', 'blocked'],
  ]);
});

test('a target that got the image before it was removed is recorded, and nothing more is done', async () => {
  world.plans.set(image, (attempt) => (attempt === 0 ? planned(image) : { kind: 'nothing' }));

  const result = await sync();

  expect(result).toMatchObject({ state: 'nothing', targets: [kept], notDone: [] });
  expect(world.recorded).toMatchObject([
    { rows: [1], targets: [kept], sourceFault: { state: 'waiting', code: 'cancelled', tagMissing: false } },
  ]);
});
