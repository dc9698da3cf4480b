import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';

import type { RollbackInput, RollbackResult } from '../contract/audit-messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import { workflowTaskTimeout, WorkflowName } from '../contract/workflow-names.js';
import { FerryError } from '../domain/ferry-error.js';
import { rollbackWorkflowId } from '../domain/image-key.js';
import type { TemporalClient } from './connect.js';
import { resultOf } from './workflow-result.js';

/**
 * Requests a rollback of one copy. Needs no running worker.
 *
 * @throws FerryError `busy` while another rollback of this copy is not made yet
 */
export async function startRollback(
  { client, withDeadline }: TemporalClient,
  input: RollbackInput,
): Promise<{ readonly workflowId: string; readonly runId: string }> {
  const { image, target } = input;
  const workflowId = rollbackWorkflowId(image, target);
  try {
    const handle = await withDeadline(
      async () =>
        await client.workflow.start(WorkflowName.rollbackImage, {
          workflowId,
          taskQueue: TaskQueue.main,
          workflowTaskTimeout,
          args: [input],
          staticSummary: `Puts ${image} on ${target} back`.slice(0, 200),
        }),
    );
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new FerryError(
      `a rollback of ${image} on ${target} is not made yet: "ferry status ${image}" shows why, "ferry release ${image} --target ${target}" calls it off`,
      { code: 'busy', decision: 'wait', cause: error },
    );
  }
}

/** Waits for the end of a rollback. @throws FerryError if it ended without a result */
export async function rollbackResult(
  temporal: TemporalClient,
  run: { readonly workflowId: string; readonly runId: string },
  signal?: AbortSignal,
): Promise<RollbackResult> {
  return (await resultOf(temporal, run, signal)) as RollbackResult;
}
