import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { auditResult, startAudit } from '../../src/client/start-audit.js';
import { rollbackResult, startRollback } from '../../src/client/start-rollback.js';
import type { AuditActivities, RollbackActivities } from '../../src/contract/activity-types.js';
import type { PreparedRollback, RollbackResult } from '../../src/contract/audit-messages.js';
import type { AuditSummary } from '../../src/domain/audit.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import { recordHistory } from '../support/record-history.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const image = 'docker.io/library/nginx:1.27';
const digest = `sha256:${'a'.repeat(64)}`;
const before = `sha256:${'b'.repeat(64)}`;
const counted: AuditSummary = {
  targets: [{ target: 'aliyun', checked: 2, deep: 1, lost: 1, changed: 0, incomplete: 0, notChecked: 0, requests: 5 }],
  notChecked: [],
  healing: 1,
};

/** As `record-histories.real.test.ts`, for audits and rollbacks. */
describe('audits and rollbacks whose histories are recorded', () => {
  let worker: WorkflowWorker;
  let world: ScriptedWorld;
  let isBroken: boolean;
  let prepared: PreparedRollback;
  let results: RollbackResult[];
  let finished: { readonly failure?: string | undefined } | undefined;

  beforeEach(async () => {
    isBroken = false;
    results = [];
    finished = undefined;
    prepared = { kind: 'ready', to: digest, before, from: `registry.example.com/nginx@${digest}` };
    world = new ScriptedWorld();
    const audits: AuditActivities = {
      beginAudit: async () => ({ audit: 'audit-1', startedAt: 1 }),
      auditCopies: async ({ after }) => {
        if (isBroken) throw new FerryError('a bug', { code: 'internal', decision: 'block' });
        return after === undefined
          ? { summary: counted, next: { image, target: 'aliyun' } }
          : { summary: { ...counted, healing: 0 } };
      },
      finishAudit: async (end) => {
        finished = end;
        return end.summary;
      },
    };
    const rollbacks: RollbackActivities = {
      prepareRollback: async () => prepared,
      requestRollback: async () => true,
      readRollback: async () => results.shift() ?? held,
    };
    worker = await startWorkflowWorker({ ...world.activities(), ...audits, ...rollbacks });
  });
  afterEach(async () => await worker.stop());

  test('Audit of two pages requests a sync run that heals what it found', async () => {
    const temporal = asClient();

    const run = await startAudit(temporal, { deep: true, who: 'cli' });
    const result = await auditResult(temporal, run);

    expect(result.summary).toMatchObject({ healing: 1, targets: [{ checked: 4, deep: 2, requests: 10 }] });
    await recordHistory(worker.client, 'audit', run.workflowId);
  });

  test('Audit refuses input that it does not know', async () => {
    const refused = worker.client.workflow.execute('Audit', {
      workflowId: 'typed',
      taskQueue: 'ferry',
      args: [{ target: 'aliyun' }],
    });

    await expect(refused).rejects.toMatchObject({ cause: { message: expect.stringContaining('"target"') as string } });
  });

  test('RollbackImage that waits for a sync run', async () => {
    const temporal = asClient();
    results = [{ image, target: 'aliyun', state: 'pending', to: digest, reason: 'a run is in flight' }];

    const run = await startRollback(temporal, { image, target: 'aliyun', who: 'cli' });
    const result = await rollbackResult(temporal, run);

    expect(result).toEqual(held);
    await recordHistory(worker.client, 'rollback-image', run.workflowId);
  });

  test('RollbackImage that no registry can give changes nothing', async () => {
    const temporal = asClient();
    prepared = { kind: 'refused', code: 'rollback-impossible', reason: 'no registry has it' };

    const run = await startRollback(temporal, { image, target: 'aliyun' });
    const result = await rollbackResult(temporal, run);

    expect(result).toMatchObject({ state: 'refused', code: 'rollback-impossible' });
    await recordHistory(worker.client, 'rollback-image-refused', run.workflowId);
  });

  test('an audit whose pages fail records why it ended, and a second one joins the first', async () => {
    const temporal = asClient();
    isBroken = true;

    const run = await startAudit(temporal, {});
    const joined = await startAudit(temporal, {});
    await worker.client.workflow.getHandle(run.workflowId).cancel();

    await expect(auditResult(temporal, run)).rejects.toThrow('cancelled');
    expect(joined.runId).toBe(run.runId);
    expect(finished?.failure).toBe('it was cancelled');
  });

  const held: RollbackResult = {
    image,
    target: 'aliyun',
    state: 'held',
    reference: 'registry.example.com/nginx:1.27',
    digest,
    before,
  };

  function asClient(): Parameters<typeof startAudit>[0] {
    const { client } = worker;
    return { client, withDeadline: async <T>(work: () => Promise<T>) => await work() } as Parameters<
      typeof startAudit
    >[0];
  }
});
