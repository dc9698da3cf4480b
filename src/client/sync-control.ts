import { WorkflowNotFoundError } from '@temporalio/client';

import { syncAllWorkflowId } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';

/** Whether a sync run is in progress. */
export async function isSyncRunning({ client, withDeadline }: TemporalClient): Promise<boolean> {
  try {
    const { status } = await withDeadline(async () => await client.workflow.getHandle(syncAllWorkflowId).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * Cancels the sync run in progress: what it has copied stays, and the rest stays pending for the next run.
 *
 * @returns whether one was in progress
 */
export async function cancelSync(temporal: TemporalClient): Promise<boolean> {
  if (!(await isSyncRunning(temporal))) return false;
  const { client, withDeadline } = temporal;
  await withDeadline(async () => await client.workflow.getHandle(syncAllWorkflowId).cancel());
  return true;
}
