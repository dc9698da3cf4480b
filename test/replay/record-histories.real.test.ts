import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { addImages } from '../../src/client/add-images.js';
import type { TemporalClient } from '../../src/client/connect.js';
import { requestSync, syncResult } from '../../src/client/sync-requests.js';
import { nothingSettled } from '../../src/contract/settled-images.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { syncAllWorkflowId, WorkflowName } from '../../src/contract/workflow-names.js';
import { syncImageWorkflowId } from '../../src/domain/image-key.js';
import { cancelAndAskInOneTask } from '../support/one-workflow-task.js';
import { recordHistory } from '../support/record-history.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { openCopy, planned, pushedTo, ScriptedWorld } from '../workflows/scripted-world.js';

const busy = { code: 'server-error', decision: 'retry', reason: 'busy' } as const;

/**
 * Runs each workflow to its end. With FERRY_RECORD_HISTORIES=1 it also writes their histories to `test/histories`, which
 * `replay.test.ts` replays.
 */
describe('workflows whose histories are recorded', () => {
  let world: ScriptedWorld;
  let worker: WorkflowWorker;
  let temporal: TemporalClient;

  beforeEach(async () => {
    world = new ScriptedWorld();
    worker = await startWorkflowWorker(world.activities());
    temporal = { client: worker.client, withDeadline: async (call) => await call(), close: async () => undefined };
  });
  afterEach(async () => {
    await worker.stop();
  });

  async function record(name: string, workflowId: string, runId?: string): Promise<void> {
    await recordHistory(worker.client, name, workflowId, runId);
  }

  test('SyncAll with SyncImage that copies, with one that needs a second attempt, and with one that is blocked', async () => {
    const [good, flaky, bad] = ['docker.io/library/good:1', 'docker.io/library/flaky:1', 'docker.io/library/bad:1'];
    world.want(good, flaky, bad);
    const fault = { code: 'unreachable', decision: 'retry', reason: 'connection refused' } as const;
    world.plans.set(flaky, (attempt) =>
      attempt === 0 ? { kind: 'stopped', rows: [2], readAt: 0, tagMissing: false, fault } : planned(flaky),
    );
    world.plans.set(bad, () => ({
      kind: 'stopped',
      rows: [3],
      readAt: 0,
      tagMissing: true,
      fault: { code: 'tag-missing', decision: 'block', reason: 'no such tag' },
    }));

    const { runId } = await requestSync(temporal, { id: 'one', reason: 'recorded' });
    const summary = await syncResult(temporal, runId);

    expect(summary).toMatchObject({ images: 3, pushed: 2, blocked: 1 });
    await record('sync-all', syncAllWorkflowId, runId);
    await record('sync-image-copied', syncImageWorkflowId(good));
    await record('sync-image-second-attempt', syncImageWorkflowId(flaky));
    await record('sync-image-blocked', syncImageWorkflowId(bad));
  });

  test('SyncAll whose images share activities, and SyncImage that begins with a plan and a copy', async () => {
    const large = 'docker.io/library/large:1';
    const plan = planned(large);
    const open = plan.kind === 'planned' ? plan.open.slice(1).map((one) => ({ ...one, fault: busy })) : [];
    const copied = { done: [pushedTo('aliyun')], open, missingPlatforms: [], bytesRead: 7 };
    world.want(large, ...Array.from({ length: 60 }, (_, n) => `docker.io/library/small-${n}:1`));
    world.onSyncImages = async (images) => {
      const small = images.filter((image) => image !== large);
      world.pending.splice(0, world.pending.length, ...world.pending.filter(({ image }) => !small.includes(image)));
      const settled = { ...nothingSettled, images: small.length, pushed: small.length };
      return { settled, single: images.length === small.length ? [] : [{ image: large, plan, copied }] };
    };

    const { runId } = await requestSync(temporal, { id: 'one', reason: 'recorded' });
    const summary = await syncResult(temporal, runId);

    expect(summary).toMatchObject({ images: 61, pushed: 61 });
    await record('sync-all-shared', syncAllWorkflowId, runId);
    await record('sync-image-continued', syncImageWorkflowId(large));
  });

  test('SyncAll that continues as new', async () => {
    world.want(...Array.from({ length: 12 }, (_, n) => `docker.io/library/image-${n}:1`));

    const handle = await worker.client.workflow.start(WorkflowName.syncAll, {
      workflowId: syncAllWorkflowId,
      taskQueue: TaskQueue.main,
      args: [{ continueAfterEvents: 40 }],
    });
    const summary = await handle.result();

    expect(summary).toMatchObject({ runs: 1, pushed: 12 });
    await record('sync-all-continued', syncAllWorkflowId, handle.firstExecutionRunId);
  });

  test.each<[when: string, name: string, cancelAndAsk: (until: Promise<unknown>) => Promise<unknown>]>([
    [
      'while it is cancelled',
      'sync-all-asked-after-cancellation',
      async (transferEnded) => {
        await worker.client.workflow.getHandle(syncAllWorkflowId).cancel();
        await transferEnded;
        await requestSync(temporal, { id: 'two', reason: 'recorded' });
      },
    ],
    [
      'in the workflow task of its cancellation',
      'sync-all-asked-in-task-of-cancellation',
      async (transferEnded) => {
        cancelAndAskInOneTask(worker.namespace, { repeated: 'one', asked: 'two' });
        await transferEnded;
      },
    ],
  ])('SyncAll that gets another request %s', async (_when, name, cancelAndAsk) => {
    const image = 'docker.io/library/long:1';
    world.want(image);
    const copy = openCopy({ isStubborn: true });
    world.copies.set(image, copy.copy);

    const { runId } = await requestSync(temporal, { id: 'one', reason: 'recorded' });
    await copy.started;
    await cancelAndAsk(copy.ended);
    world.copies.delete(image);
    copy.letGo();
    const summary = await syncResult(temporal, runId);

    expect(summary).toMatchObject({ runs: 1, pushed: 1 });
    await record(name, syncAllWorkflowId, runId);
  });

  test('SyncAll under another ID, SyncImage by hand, RequestSyncAll and AddImage', async () => {
    await worker.client.workflow.execute(WorkflowName.syncAll, { workflowId: 'by-hand', taskQueue: TaskQueue.main });
    await worker.client.workflow.execute(WorkflowName.syncImage, {
      workflowId: 'image-by-hand',
      taskQueue: TaskQueue.main,
      args: [{ image: 'nginx' }],
    });
    await worker.client.workflow.execute(WorkflowName.requestSyncAll, {
      workflowId: 'tick',
      taskQueue: TaskQueue.main,
      args: [{ reason: 'schedule' }],
    });
    const added = await addImages(temporal, 'delivery-1', { images: ['docker.io/library/nginx:1.27'] });

    expect(added).toMatchObject({ syncRequested: true, repeated: false });
    await record('sync-all-forwarded', 'by-hand');
    await record('sync-image-forwarded', 'image-by-hand');
    await record('request-sync-all', 'tick');
    await record('add-image', 'add-image/delivery-1');
  });
});
