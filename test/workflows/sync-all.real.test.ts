import { WorkflowFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { requestSync, requestSyncAt } from '../../src/client/sync-requests.js';
import type { ImagePlan } from '../../src/contract/activity-types.js';
import { MessageName } from '../../src/contract/messages.js';
import { nothingSettled } from '../../src/contract/settled-images.js';
import type { SyncAllResult, SyncImageResult, SyncProgress } from '../../src/contract/sync-messages.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { syncAgainWorkflowId, syncAllWorkflowId, WorkflowName } from '../../src/contract/workflow-names.js';
import { syncImageWorkflowId } from '../../src/domain/image-key.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { cancelAndAskInOneTask } from '../support/one-workflow-task.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { openCopy, planned, pushedTo, ScriptedWorld } from './scripted-world.js';

describe('SyncAll on a real Temporal server', () => {
  let world: ScriptedWorld;
  let worker: WorkflowWorker;

  beforeEach(async () => {
    world = new ScriptedWorld();
    worker = await startWorkflowWorker(world.activities());
  });
  afterEach(async () => {
    await worker.stop();
  });

  const close = async () => undefined;
  const ask = async (id: string, reason = 'test') =>
    await requestSync(
      { client: worker.client, withDeadline: async (call) => await call(), close: async () => undefined },
      { id, reason },
    );
  const syncAll = (runId?: string): WorkflowHandle => worker.client.workflow.getHandle(syncAllWorkflowId, runId);
  const result = async (runId?: string) => (await syncAll(runId).result()) as SyncAllResult;

  test('every pending image is copied once, and the result adds them up', async () => {
    world.want('docker.io/library/a:1', 'docker.io/library/b:1', 'docker.io/library/c:1');

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect([...world.copied].sort()).toEqual([
      'docker.io/library/a:1',
      'docker.io/library/b:1',
      'docker.io/library/c:1',
    ]);
    expect(summary).toEqual({ runs: 1, images: 3, pushed: 3, waiting: 0, retrying: 0, blocked: 0, notDone: [] });
  });

  test('a run deletes old history at its end, and ends even if that fails', async () => {
    const { runId } = await ask('one');
    await result(runId);
    world.onPrune = async () => {
      throw ApplicationFailure.nonRetryable('the database is away');
    };
    const second = await ask('two');

    expect(await result(second.runId)).toMatchObject({ runs: 1 });
    expect(world.pruned).toBe(1);
    expect(world.finished).toHaveLength(2);
  });

  test('fifty simultaneous triggers cause one run, and each of them is answered', async () => {
    world.want('docker.io/library/a:1');
    const copy = openCopy();
    world.copies.set('docker.io/library/a:1', copy.copy);

    const asked = await Promise.all(Array.from({ length: 50 }, async (_, n) => await ask(`trigger-${n}`)));
    await copy.started;
    copy.letGo();
    await result(asked[0]?.runId);

    expect(new Set(asked.map(({ runId }) => runId)).size).toBe(1);
    expect(world.copied).toEqual(['docker.io/library/a:1']);
    expect(world.mostAtOnce).toBe(1);
  });

  test('a source that announces a wait of hours is retried by a run at that time, and delays no caller', async () => {
    const fault = { code: 'rate-limited', decision: 'wait', reason: 'its allowance is spent' } as const;
    const stopped = (retryAfterMs: number): ImagePlan => ({
      kind: 'stopped',
      rows: [1],
      readAt: 0,
      fault: { ...fault, retryAfterMs },
      tagMissing: false,
    });
    world.poolSize = 1;
    world.want('docker.io/library/a:1', 'docker.io/library/b:1', 'quay.io/org/c:1');
    world.plans.set('docker.io/library/a:1', () => stopped(7_200_000));
    world.plans.set('docker.io/library/b:1', () => stopped(3_600_000));
    const before = Date.now();

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(world.copied).toEqual(['quay.io/org/c:1']);
    expect(summary).toMatchObject({ pushed: 1, waiting: 2, runs: 1 });
    expect(world.again).toEqual([{ at: summary.againAt, reason: '2 images are waiting for a source or target' }]);
    expect(summary.againAt).toBeGreaterThan(before + 3_500_000);
    expect(summary.againAt).toBeLessThan(Date.now() + 3_600_001);
  });

  test('a request for a later time starts a run at that time, and the newest request applies', async () => {
    const temporal = { client: worker.client, withDeadline: async <T>(call: () => Promise<T>) => await call(), close };
    await requestSyncAt(temporal, { at: Date.now() + 3_600_000, reason: 'in an hour' });
    const handle = worker.client.workflow.getHandle(syncAgainWorkflowId);
    const waiting = await handle.describe();

    await requestSyncAt(temporal, { at: Date.now() + 1_000, reason: 'the allowance is free again' });
    await handle.result();

    expect(waiting.status.name).toBe('RUNNING');
    expect(world.signalled.map(({ reason }) => reason)).toEqual(['the allowance is free again']);
  });

  test('a trigger that arrives during the last activity starts another run', async () => {
    let first = true;
    world.onFinishRun = async () => {
      if (!first) return;
      first = false;
      world.want('docker.io/library/late:1');
      await ask('late', 'too late for this run');
    };

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(world.copied).toEqual(['docker.io/library/late:1']);
    expect(world.runs.map((requests) => requests.map(({ id }) => id))).toEqual([['one'], ['late']]);
    expect(summary.runs).toBe(2);
  });

  test('an image that is requested during a run goes before queued ones', async () => {
    world.poolSize = 1;
    world.want('docker.io/library/long:1', 'docker.io/library/b:1', 'docker.io/library/c:1');
    const copy = openCopy();
    world.copies.set('docker.io/library/long:1', copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    const urgent = openCopy();
    world.copies.set('docker.io/library/urgent:1', urgent.copy);
    world.ask('docker.io/library/urgent:1');
    await ask('two');
    await urgent.started;
    copy.letGo();
    urgent.letGo();
    await result(runId);

    expect(world.copied[1]).toBe('docker.io/library/urgent:1');
    expect(world.copied).toHaveLength(4);
  });

  test('an image that is requested during a run starts immediately if a slot is free', async () => {
    world.want('docker.io/library/long:1');
    const copy = openCopy();
    world.copies.set('docker.io/library/long:1', copy.copy);
    const second = openCopy();
    world.copies.set('docker.io/library/second:1', second.copy);

    const { runId } = await ask('one');
    await copy.started;
    world.ask('docker.io/library/second:1');
    await ask('two');
    await second.started;
    const progress = await syncAll().query<SyncProgress>(MessageName.progress);
    copy.letGo();
    second.letGo();
    await result(runId);

    expect([...progress.inFlight].sort()).toEqual(['docker.io/library/long:1', 'docker.io/library/second:1']);
  });

  test('an image whose workflow fails is recorded with the reason, and the others are copied', async () => {
    const broken = 'docker.io/library/broken:1';
    world.want('docker.io/library/a:1', broken, 'docker.io/library/c:1');
    // A bug in a workflow fails its task again and again until a user acts: here, a user terminates it.
    const plan = vi.fn<() => ImagePlan>(() => ({ kind: 'broken' }) as never);
    world.plans.set(broken, plan);

    const { runId } = await ask('one');
    await expect.poll(() => [world.copied.length, plan.mock.calls.length], { timeout: 20_000 }).toEqual([2, 1]);
    await worker.client.workflow
      .getHandle(syncImageWorkflowId(broken))
      .terminate('a broken workflow, ended by a person');
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 3, pushed: 2, retrying: 1 });
    expect(summary.notDone[0]).toMatchObject({ image: broken, state: 'retrying' });
    expect(world.faults[0]?.image).toBe(broken);
  });

  test('a fault that cannot be recorded does not end the run or affect other images', async () => {
    const broken = 'docker.io/library/broken:1';
    world.want(broken, 'docker.io/library/c:1');
    world.plans.set(broken, () => {
      throw ApplicationFailure.nonRetryable('x is not a function', 'TypeError');
    });
    world.onRecordFault = async () => {
      throw ApplicationFailure.nonRetryable('the table is gone', 'database');
    };

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ runs: 1, images: 2, pushed: 1, retrying: 1 });
  });

  test('a target that stays down does not prevent recording the other one', async () => {
    const image = 'docker.io/library/half:1';
    world.want(image);
    world.copies.set(image, async ({ destinations }) => ({
      done: [],
      open: destinations.map((destination) => ({
        destination,
        fault: {
          code: 'unauthorized' as const,
          decision: 'block' as const,
          reason: `${destination.target}: wrong password`,
        },
      })),
      bytesRead: 0,
    }));

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 1, pushed: 0, blocked: 1 });
    expect(summary.notDone.map(({ target, code }) => [target, code])).toEqual([
      ['aliyun', 'unauthorized'],
      ['private', 'unauthorized'],
    ]);
  });

  test('a temporary fault is retried successfully in the same run', async () => {
    const image = 'docker.io/library/flaky:1';
    world.want(image);
    world.plans.set(image, (attempt) =>
      attempt === 0
        ? {
            kind: 'stopped',
            rows: [1],
            readAt: 0,
            tagMissing: false,
            fault: { code: 'unreachable', decision: 'retry', reason: 'connection refused' },
          }
        : planned(image),
    );

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 1, pushed: 1, notDone: [] });
  });

  test('a target that was completed before the source failed is recorded', async () => {
    const image = 'docker.io/library/half:1';
    world.want(image);
    const fault = { code: 'unauthorized', decision: 'block', reason: 'it is private now' } as const;
    world.plans.set(image, (attempt) =>
      attempt === 0 ? planned(image) : { kind: 'stopped', rows: [1], readAt: 0, tagMissing: false, fault },
    );
    world.copies.set(image, async ({ destinations: [first, second] }) => ({
      done: first === undefined ? [] : [pushedTo(first.target)],
      open:
        second === undefined
          ? []
          : [{ destination: second, fault: { code: 'server-error', decision: 'retry', reason: 'busy' } }],
      bytesRead: 10,
    }));

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 1, pushed: 0, blocked: 1 });
    expect(world.recorded).toMatchObject([
      { sourceDigest: `sha256:${'a'.repeat(64)}`, targets: [{ target: 'aliyun', state: 'pushed' }] },
    ]);
  });

  test('a request without an ID is never mistaken for one of an earlier run', async () => {
    const seen = Array.from({ length: 100 }, (_, number) => `unnamed-${number}`);
    world.onFinishRun = async () => {
      if (world.runs.length === 1) await syncAll().signal(MessageName.requestSync, {});
    };

    const summary = (await worker.client.workflow.execute(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [{ seen }],
    })) as SyncAllResult;

    expect(summary).toMatchObject({ runs: 2 });
  });

  test('a run with a long history continues as a new workflow run with all remaining work', async () => {
    world.poolSize = 2;
    world.want(...Array.from({ length: 30 }, (_, n) => `docker.io/library/image-${n}:1`));

    const handle = await worker.client.workflow.start(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [{ continueAfterEvents: 60 }],
    });
    const summary = (await handle.result()) as SyncAllResult;
    const last = await worker.client.workflow.getHandle(syncAllWorkflowId).describe();

    expect(last.runId).not.toBe(handle.firstExecutionRunId);
    expect(summary).toMatchObject({ runs: 1, images: 30, pushed: 30 });
    expect(new Set(world.copied).size).toBe(30);
    expect(world.runs).toHaveLength(1);
  });

  test('cancelling SyncAll cancels the transfer and records the run as cancelled', async () => {
    world.want('docker.io/library/long:1');
    const copy = openCopy();
    world.copies.set('docker.io/library/long:1', copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    await syncAll().cancel();
    const ended = await copy.ended;
    const outcome = await result(runId).catch((error: unknown) => error);

    expect(ended).toBe('cancelled');
    expect(outcome).toBeInstanceOf(WorkflowFailedError);
    expect(world.finished).toEqual([{ run: 'run-1', cancelled: true }]);
  });

  test('a request that arrives while a cancelled run waits for its transfers gets its own run', async () => {
    const [kept, dropped] = ['docker.io/library/kept:1', 'docker.io/library/dropped:1'];
    world.want(dropped);
    const copy = openCopy({ isStubborn: true });
    world.copies.set(dropped, copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    await syncAll().cancel();
    await ask('two');
    await copy.ended;
    world.copies.delete(dropped);
    world.want(kept);
    copy.letGo();
    const summary = await result(runId);

    expect(world.finished).toEqual([
      { run: 'run-1', cancelled: true },
      { run: 'run-2', cancelled: false },
    ]);
    expect(summary).toMatchObject({ runs: 1, images: 2, pushed: 2 });
    expect(world.runs).toHaveLength(2);
  });

  test('a request in the workflow task of a cancellation gets its own run', async () => {
    const image = 'docker.io/library/dropped:1';
    world.want(image);
    const copy = openCopy({ isStubborn: true });
    world.copies.set(image, copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    cancelAndAskInOneTask(worker.namespace, { repeated: 'one', asked: 'two' });
    await copy.ended;
    world.copies.delete(image);
    copy.letGo();
    const summary = await result(runId);

    expect(world.finished).toEqual([
      { run: 'run-1', cancelled: true },
      { run: 'run-2', cancelled: false },
    ]);
    expect(summary).toMatchObject({ runs: 1, images: 1, pushed: 1 });
  });

  test('a run that is cancelled before a worker starts copies nothing', async () => {
    world.want('docker.io/library/a:1');

    await worker.restart(async () => {
      await ask('one');
      await syncAll().cancel();
    });
    const outcome = await result().catch((error: unknown) => error);

    expect(outcome).toBeInstanceOf(WorkflowFailedError);
    expect(world.runs).toEqual([]);
  });

  test('a run that is cancelled while it deletes old history stays finished', async () => {
    let letGo: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (letGo = resolve));
    world.onPrune = async () => {
      await syncAll().cancel();
      await ended;
    };

    const { runId } = await ask('one');
    const outcome = await result(runId).catch((error: unknown) => error);
    letGo();

    expect(outcome).toBeInstanceOf(WorkflowFailedError);
    expect(world.finished).toEqual([{ run: 'run-1', cancelled: false }]);
  });

  test('a failed run is recorded with the reason and fails with it', async () => {
    world.onFindPending = async () => {
      throw ApplicationFailure.nonRetryable('rows is not iterable', 'TypeError');
    };

    const { runId } = await ask('one');
    const outcome = await result(runId).catch((error: unknown) => error);

    expect(outcome).toBeInstanceOf(WorkflowFailedError);
    expect(world.finished).toEqual([{ run: 'run-1', cancelled: false, failure: 'rows is not iterable' }]);
  });

  test('a failed run whose end cannot be recorded fails with the original error', async () => {
    world.onFindPending = async () => {
      throw ApplicationFailure.nonRetryable('rows is not iterable', 'TypeError');
    };
    world.onFinishRun = async () => {
      throw ApplicationFailure.nonRetryable('the table is gone', 'database');
    };

    const { runId } = await ask('one');
    const outcome = await result(runId).catch((error: unknown) => error);

    expect(outcome).toMatchObject({ cause: { cause: { message: 'rows is not iterable' } } });
  });

  test('a worker that stops in the middle of a run loses nothing', async () => {
    world.want('docker.io/library/a:1', 'docker.io/library/b:1');

    const { runId } = await ask('one');
    await worker.restart();
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 2, pushed: 2 });
    expect([...new Set(world.copied)].sort()).toEqual(['docker.io/library/a:1', 'docker.io/library/b:1']);
  });

  test('an image that is requested while a long history drains does not wait for the next run', async () => {
    world.want('docker.io/library/long:1');
    const copy = openCopy();
    world.copies.set('docker.io/library/long:1', copy.copy);
    await worker.client.workflow.start(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [{ continueAfterEvents: 20 }],
    });
    await copy.started;
    const urgent = openCopy();
    world.copies.set('docker.io/library/urgent:1', urgent.copy);

    world.ask('docker.io/library/urgent:1');
    await ask('urgent');
    await urgent.started;
    const progress = await syncAll().query<SyncProgress>(MessageName.progress);
    copy.letGo();
    urgent.letGo();
    const summary = await result();

    expect(progress.phase).toBe('draining');
    expect(summary).toMatchObject({ images: 2, pushed: 2 });
  });

  test('an image whose workflow a person cancels is reported and not started again by the same run', async () => {
    const image = 'docker.io/library/unwanted:1';
    world.want(image, 'docker.io/library/b:1');
    const copy = openCopy();
    world.copies.set(image, copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    await worker.client.workflow.getHandle(syncImageWorkflowId(image)).cancel();
    const summary = await result(runId);

    expect(world.copied.filter((name) => name === image)).toHaveLength(1);
    expect(summary).toMatchObject({ images: 2, pushed: 1, waiting: 1 });
    expect(summary.notDone).toMatchObject([{ image, state: 'waiting', code: 'cancelled' }]);
    expect(world.faults).toMatchObject([{ image }]);
  });

  test('images that an activity settles together get no workflow, and their results are added up', async () => {
    const settled = { ...nothingSettled, images: 120, pushed: 119, waiting: 1 };
    const notDone = {
      image: 'docker.io/library/image-7:1',
      state: 'waiting',
      code: 'tag-missing',
      reason: 'no tag',
    } as const;
    world.want(...Array.from({ length: 120 }, (_, n) => `docker.io/library/image-${n}:1`));
    let isFirst = true;
    world.onSyncImages = async (images) => {
      world.pending.splice(0, world.pending.length, ...world.pending.filter(({ image }) => !images.includes(image)));
      const mine = isFirst ? { ...settled, notDone: [notDone] } : nothingSettled;
      isFirst = false;
      return { settled: mine, single: [] };
    };

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(world.batches.map((images) => images.length).toSorted((a, b) => a - b)).toEqual([20, 50, 50]);
    expect(world.copied).toEqual([]);
    expect(summary).toMatchObject({ images: 120, pushed: 119, waiting: 1, notDone: [notDone] });
  });

  test('an image gets its workflow with the plan and the copies of the activity that many shared', async () => {
    const image = 'docker.io/library/a:1';
    const plan = planned(image);
    const busy = { code: 'server-error', decision: 'retry', reason: 'busy' } as const;
    const open = plan.kind === 'planned' ? plan.open.slice(1).map((one) => ({ ...one, fault: busy })) : [];
    const copied = { done: [pushedTo('aliyun')], open, missingPlatforms: [], bytesRead: 7 };
    world.want(image);
    world.onSyncImages = async () => ({ settled: nothingSettled, single: [{ image, plan, copied }] });

    const { runId } = await ask('one');
    const summary = await result(runId);

    // The pause before the second attempt has passed, which planned the image again and copied it.
    expect(world.copied).toEqual([image]);
    expect(world.recorded).toMatchObject([{ bytesRead: 17 }]);
    expect(summary).toMatchObject({ images: 1, pushed: 1 });
  });

  test('images are not planned far ahead of those that are copied', async () => {
    const images = Array.from({ length: 400 }, (_, n) => `docker.io/library/large-${n}:1`);
    world.want(...images);
    const copy = openCopy();
    for (const image of images) world.copies.set(image, copy.copy);

    const { runId } = await ask('one');
    await copy.started;
    await vi.waitUntil(() => world.atOnce === world.poolSize);
    // Activities that were already planned would have been started by this query.
    await syncAll(runId).query<SyncProgress>(MessageName.progress);

    expect(world.batches.flat().length).toBeLessThanOrEqual(200);
    await syncAll(runId).terminate();
    copy.letGo();
  });

  test('images whose shared activity fails are reported each by a workflow of its own', async () => {
    world.want('docker.io/library/a:1', 'docker.io/library/b:1');
    world.onSyncImages = async () => {
      throw ApplicationFailure.nonRetryable('a fault of one of them');
    };

    const { runId } = await ask('one');

    expect(await result(runId)).toMatchObject({ images: 2, pushed: 2 });
    expect(world.copied.toSorted()).toEqual(['docker.io/library/a:1', 'docker.io/library/b:1']);
  });

  test('an image that another workflow is copying is tried again at the end, and reported if it is still busy', async () => {
    const [held, freed] = ['docker.io/library/held:1', 'docker.io/library/freed:1'];
    const copies = { [held]: openCopy(), [freed]: openCopy() };
    for (const [image, { copy }] of Object.entries(copies)) world.copies.set(image, copy);
    const byHand = await Promise.all(
      [held, freed].map(
        async (image) =>
          await worker.client.workflow.start(WorkflowName.syncImage, {
            workflowId: syncImageWorkflowId(image),
            taskQueue: TaskQueue.main,
            args: [{ image, run: 'run-0' }],
          }),
      ),
    );
    await Promise.all(Object.values(copies).map(async ({ started }) => await started));
    const slow = openCopy();
    world.copies.set('docker.io/library/slow:1', slow.copy);
    world.want(held, freed, 'docker.io/library/slow:1');

    const { runId } = await ask('one');
    await slow.started;
    copies[freed]?.letGo();
    await byHand[1]?.result();
    world.want(freed);
    world.copies.delete(freed);
    slow.letGo();
    const summary = await result(runId);
    copies[held]?.letGo();
    await byHand[0]?.result();

    expect(summary).toMatchObject({ images: 3, pushed: 2, waiting: 1 });
    expect(summary.notDone).toMatchObject([{ image: held, state: 'waiting', code: 'busy' }]);
  });

  test('invalid rows of other programs are reported even if they are added during a run', async () => {
    world.refused.push('row 7');

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ images: 1, blocked: 1 });
    expect(summary.notDone).toMatchObject([{ image: 'row 7', state: 'blocked', reason: 'no image' }]);
  });

  test('adoption starts with the very first row, since IDs of older schemas may be negative', async () => {
    const { runId } = await ask('one');
    await result(runId);

    expect(world.adoptedAfter).toEqual([beforeFirstRow]);
  });

  test('moved tags are found during the copies, page by page, and copied in the same run', async () => {
    const [long, moved] = ['docker.io/library/long:1', 'docker.io/library/moved:latest'];
    world.want(long);
    const copy = openCopy();
    world.copies.set(long, copy.copy);
    const arrived = openCopy();
    world.copies.set(moved, arrived.copy);
    const pages: number[] = [];
    world.onCheckTags = async (after) => {
      pages.push(after);
      if (after === beforeFirstRow) return { moved: 0, unchecked: [], uncheckedCount: 0, next: 7 };
      world.want(moved);
      const fault = { code: 'rate-limited', decision: 'wait', reason: 'too many requests' } as const;
      return { moved: 1, unchecked: [{ image: 'quay.io/a/b:latest', fault }], uncheckedCount: 1 };
    };

    const { runId } = await ask('one');
    await copy.started;
    await arrived.started;
    copy.letGo();
    arrived.letGo();
    const summary = await result(runId);

    expect(pages).toEqual([beforeFirstRow, 7]);
    expect(summary).toMatchObject({ images: 3, pushed: 2, waiting: 1 });
    expect(summary.notDone).toMatchObject([{ image: 'quay.io/a/b:latest', state: 'waiting', code: 'rate-limited' }]);
  });

  test('a failed check of tags is reported and does not prevent copies', async () => {
    world.want('docker.io/library/a:1');
    world.onCheckTags = async () => {
      throw ApplicationFailure.nonRetryable('an unexpected row');
    };

    const { runId } = await ask('one');
    const summary = await result(runId);

    expect(summary).toMatchObject({ pushed: 1, retrying: 1 });
    expect(summary.notDone).toMatchObject([{ image: 'tags of pushed images', state: 'retrying', code: 'internal' }]);
    expect(summary.notDone[0]?.reason).toContain('an unexpected row');
  });

  test('an invalid input typed by hand ends the workflow with the reason', async () => {
    const wrong: [string, ...unknown[]][] = [
      [WorkflowName.syncImage],
      [WorkflowName.syncImage, null],
      [WorkflowName.syncImage, { image: 5 }],
      [WorkflowName.syncImage, { image: 'not an image' }],
      [WorkflowName.syncAll, 'now'],
      [WorkflowName.syncAll, { requests: 'one' }],
      [WorkflowName.requestSyncAll, { reason: 5 }],
      [WorkflowName.addImage, null],
      ['FetchDify', 'release'],
      ['FetchXinference', { scope: 'everything' }],
      [WorkflowName.fetchUpstream, null],
    ];

    const runs = wrong.map(async ([type, ...args], n) => {
      const options = { workflowId: `typed-by-hand-${n}`, taskQueue: TaskQueue.main, args };
      return await worker.client.workflow.execute(type, options).catch((error: unknown) => error);
    });

    for (const [n, outcome] of (await Promise.all(runs)).entries()) {
      expect(outcome, JSON.stringify(wrong[n])).toMatchObject({ cause: { type: 'invalid-input', nonRetryable: true } });
    }
  });

  test('SyncImage started by hand accepts a short reference and requests a run, and SyncAll accepts null', async () => {
    const image = (await worker.client.workflow.execute(WorkflowName.syncImage, {
      workflowId: 'image-by-hand',
      taskQueue: TaskQueue.main,
      args: [{ image: 'nginx' }],
    })) as SyncImageResult;
    const all = (await worker.client.workflow.execute(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [null],
    })) as SyncAllResult;

    expect(image).toMatchObject({ image: 'docker.io/library/nginx:latest', forwardedTo: syncAllWorkflowId });
    expect(world.signalled.map(({ reason }) => reason)).toEqual(['start of image-by-hand']);
    expect(all).toMatchObject({ runs: 1 });
  });

  test('SyncAll started by hand with another ID forwards the request to sync-all', async () => {
    const summary = await worker.client.workflow.execute(WorkflowName.syncAll, {
      workflowId: 'typed-by-hand',
      taskQueue: TaskQueue.main,
    });

    expect(summary).toMatchObject({ forwardedTo: syncAllWorkflowId, images: 0 });
    expect(world.signalled.map(({ reason }) => reason)).toEqual(['start of typed-by-hand']);
  });

  test('SyncAll started by hand with its own ID makes one run', async () => {
    world.want('docker.io/library/a:1');

    const summary = (await worker.client.workflow.execute(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [{}],
    })) as SyncAllResult;

    expect(summary).toMatchObject({ runs: 1, pushed: 1 });
  });
});
