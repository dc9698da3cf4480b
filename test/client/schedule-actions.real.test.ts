import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { TemporalClient } from '../../src/client/connect.js';
import { listManagedSchedules } from '../../src/client/managed-schedules.js';
import { reconcileSchedules } from '../../src/client/reconcile-schedules.js';
import {
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  showSchedules,
  triggerSchedule,
} from '../../src/client/schedule-actions.js';
import type { ScheduleSetting } from '../../src/domain/schedule-timing.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const hour = 3_600_000;
const configuration = '/etc/ferry/ferry.yaml';
const settings: readonly ScheduleSetting[] = [
  { id: 'sync-all', does: { kind: 'sync' }, timing: { everyMs: 3 * hour, offsetMs: 420_000 } },
  { id: 'fetch-dify', does: { kind: 'fetch', upstream: 'dify' }, timing: { everyMs: 24 * hour } },
  {
    id: 'fetch-n8n',
    does: { kind: 'fetch', upstream: 'n8n' },
    timing: { cron: ['30 4 1,15 * mon-fri', '0 */6 * * *'], timezone: 'Asia/Shanghai' },
  },
];

describe('schedules on a real Temporal server', () => {
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

  const outcomes = async (wanted = settings, off: readonly string[] = []) =>
    (await reconcileSchedules(temporal, { settings: wanted, off, configuration })).map(({ outcome }) => outcome);

  test('reconciling creates missing schedules, keeps correct ones, corrects drifted ones and deletes those that are off', async () => {
    const first = await outcomes();
    const second = await outcomes();
    await worker.client.schedule
      .getHandle('sync-all')
      .update((found) => ({ ...found, spec: { intervals: [{ every: '1h' }] } }));
    const third = await outcomes();
    const fourth = await outcomes(settings.slice(0, 2), ['fetch-n8n', 'fetch-never-there']);

    expect(first).toEqual(['created', 'created', 'created']);
    expect(second).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(third).toEqual(['corrected', 'unchanged', 'unchanged']);
    expect(fourth).toEqual(['unchanged', 'unchanged', 'deleted']);
    expect((await worker.client.schedule.getHandle('sync-all').describe()).spec.intervals).toEqual([
      { every: 3 * hour, offset: 420_000 },
    ]);
  });

  test('reconciling removes limits that were set by hand: run timeouts and a maximum number of actions', async () => {
    await outcomes();
    for (const change of [
      { workflowExecutionTimeout: '1s' },
      { workflowRunTimeout: '1s' },
      { workflowTaskTimeout: '1s' },
      { retry: { maximumAttempts: 2 } },
    ] as const) {
      await worker.client.schedule
        .getHandle('sync-all')
        .update((found) => ({ ...found, action: { ...found.action, ...change } }));
      expect(await outcomes()).toEqual(['corrected', 'unchanged', 'unchanged']);
    }
    await worker.client.schedule
      .getHandle('sync-all')
      .update((found) => ({ ...found, state: { paused: true, note: 'moving', remainingActions: 0 } }));

    const corrected = await outcomes();
    const again = await outcomes();

    expect(corrected).toEqual(['corrected', 'unchanged', 'unchanged']);
    expect(again).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect((await worker.client.schedule.getHandle('sync-all').describe()).state).toEqual({
      paused: true,
      note: 'moving',
      remainingActions: undefined,
    });
  });

  test('reconciling deletes schedules of upstreams that are no longer configured, and none that another program created', async () => {
    await outcomes();
    await worker.client.schedule.create({
      scheduleId: 'n8n-on-my-own',
      spec: { intervals: [{ every: '1h' }] },
      action: { type: 'startWorkflow', workflowType: 'FetchUpstream', taskQueue: 'ferry', args: [{ name: 'n8n' }] },
    });
    await expect.poll(async () => await listedIds()).toHaveLength(4);

    const ensured = await reconcileSchedules(temporal, { settings: settings.slice(0, 2), off: [], configuration });

    expect(ensured.slice(2)).toEqual([{ id: 'fetch-n8n', outcome: 'deleted' }]);
    expect((await listManagedSchedules(temporal)).map(({ id }) => id)).not.toContain('n8n-on-my-own');
    expect(await showSchedules(temporal, ['fetch-n8n', 'n8n-on-my-own'])).toMatchObject([
      { exists: false },
      { exists: true },
    ]);
  });

  test('a process without a file or with another file keeps schedules of a file and reports them', async () => {
    await outcomes();
    await expect.poll(async () => await listManagedSchedules(temporal)).toHaveLength(3);
    const standard = settings.slice(0, 2).map((setting) => ({ ...setting, timing: { everyMs: 5 * hour } }));
    const other = { settings: standard, off: ['fetch-n8n'], configuration: '/home/me/ferry.yaml' };

    const withoutFile = await reconcileSchedules(temporal, { settings: standard, off: [] }, { takesOver: true });
    const withOther = await reconcileSchedules(temporal, other);
    const again = await outcomes();
    const byPerson = await reconcileSchedules(temporal, other, { takesOver: true });

    expect(withoutFile.map(({ outcome }) => outcome)).toEqual(['left', 'left', 'left']);
    expect(withOther.map(({ outcome }) => outcome)).toEqual(['left', 'left', 'left']);
    expect(withOther[2]?.reason).toContain('"ferry schedules delete fetch-n8n"');
    expect(withOther[2]?.reason).toContain(configuration);
    expect(again).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(byPerson.map(({ outcome }) => outcome)).toEqual(['corrected', 'corrected', 'deleted']);
    expect(await outcomes(settings.slice(0, 1))).toEqual(['left', 'left']);
  });

  test('a schedule has no overlapping runs, a limited catch-up window and a spread start', async () => {
    await outcomes();

    const { policies, spec, action } = await worker.client.schedule.getHandle('sync-all').describe();

    expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: hour, pauseOnFailure: false });
    expect(spec.jitter).toBe(300_000);
    expect([action.workflowType, action.workflowId]).toEqual(['RequestSyncAll', 'sync-all-tick']);
  });

  test('twenty processes that reconcile at the same instant create each schedule once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, async () => await outcomes()));
    const again = await outcomes();

    expect(all.filter((made) => made[0] === 'created')).toHaveLength(1);
    expect(again).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  test('a paused schedule stays paused when it is corrected and shows the reason', async () => {
    await outcomes();
    await pauseSchedule(temporal, 'sync-all', 'registry is being moved');
    const changed = settings.map((setting) => ({ ...setting, timing: { everyMs: 2 * hour } }));

    const corrected = await outcomes(changed);
    const [paused] = await showSchedules(temporal, ['sync-all']);
    await resumeSchedule(temporal, 'sync-all', 'moved');
    const [resumed] = await showSchedules(temporal, ['sync-all']);

    expect(corrected).toEqual(['corrected', 'corrected', 'corrected']);
    expect(paused).toMatchObject({ paused: true, note: 'registry is being moved', next: [] });
    expect(resumed).toMatchObject({ paused: false });
    expect(resumed?.next[0]).toBeGreaterThan(Date.now());
  });

  test('triggering a schedule requests a sync run, even while it is paused', async () => {
    await outcomes();
    await pauseSchedule(temporal, 'sync-all', 'for the test');

    const wasThere = await triggerSchedule(temporal, 'sync-all');
    const last = await firstRun('sync-all');
    await worker.client.workflow.getHandle(last.workflowId).result();
    const [shown] = await showSchedules(temporal, ['sync-all']);

    expect(wasThere).toBe(true);
    expect(last.workflowId).toMatch(/^sync-all-tick-/);
    expect(world.signalled).toMatchObject([{ reason: 'schedule' }]);
    expect(shown).toMatchObject({ timesRun: 1, last: { state: 'COMPLETED' } });
  });

  test('actions on a missing schedule report that it is missing instead of failing', async () => {
    const gone = await Promise.all([
      deleteSchedule(temporal, 'sync-all'),
      triggerSchedule(temporal, 'sync-all'),
      pauseSchedule(temporal, 'sync-all', ''),
    ]);

    expect(gone).toEqual([false, false, false]);
    expect(await showSchedules(temporal, ['sync-all'])).toMatchObject([{ exists: false }]);
  });

  async function listedIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { scheduleId } of worker.client.schedule.list()) ids.push(scheduleId);
    return ids;
  }

  /** The server starts it a moment after the trigger. */
  async function firstRun(id: string): Promise<{ readonly workflowId: string }> {
    for (;;) {
      const [view] = await showSchedules(temporal, [id]);
      if (view?.last !== undefined) return view.last;
    }
  }
});
