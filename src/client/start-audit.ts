import { WorkflowIdConflictPolicy } from '@temporalio/client';

import type { AuditInput, AuditResult } from '../contract/audit-messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import { auditWorkflowId, workflowTaskTimeout, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';
import { resultOf } from './workflow-result.js';

/**
 * Starts an audit. One that a person requested earlier, and that still runs, is joined. Needs no running worker.
 *
 * @returns the workflow run
 */
export async function startAudit(
  { client, withDeadline }: TemporalClient,
  input: AuditInput,
): Promise<{ readonly workflowId: string; readonly runId: string }> {
  const handle = await withDeadline(
    async () =>
      await client.workflow.start(WorkflowName.audit, {
        workflowId: auditWorkflowId,
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        args: [input],
        staticSummary: 'Checks the copies on the targets',
      }),
  );
  return { workflowId: auditWorkflowId, runId: handle.firstExecutionRunId };
}

/** Waits for the end of an audit. @throws FerryError if it ended without a result */
export async function auditResult(
  temporal: TemporalClient,
  run: { readonly workflowId: string; readonly runId: string },
  signal?: AbortSignal,
): Promise<AuditResult> {
  return (await resultOf(temporal, run, signal)) as AuditResult;
}
