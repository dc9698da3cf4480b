import { WorkflowIdConflictPolicy } from '@temporalio/client';

import { MessageName } from '../contract/messages.js';
import type { SyncAllResult, SyncProgress, SyncRequest } from '../contract/sync-messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import {
  syncAgainWorkflowId,
  syncAllWorkflowId,
  workflowTaskTimeout,
  WorkflowName,
} from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';
import { resultOf } from './workflow-result.js';

/**
 * Signals the single `SyncAll` workflow and starts it if it is not running. The server does both atomically, so that
 * there is never a second one and no request is lost. Needs no running worker.
 */
export async function requestSync(
  { client, withDeadline }: TemporalClient,
  request: SyncRequest,
): Promise<{ runId: string }> {
  const handle = await withDeadline(
    async () =>
      await client.workflow.signalWithStart(WorkflowName.syncAll, {
        workflowId: syncAllWorkflowId,
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        args: [],
        signal: MessageName.requestSync,
        signalArgs: [request],
        staticSummary: 'Copies every pending image to every target',
      }),
  );
  return { runId: handle.signaledRunId };
}

/**
 * Schedules a sync request in the server for a time (UTC ms); nothing runs until then. A later request replaces an
 * earlier one.
 */
export async function requestSyncAt(
  { client, withDeadline }: TemporalClient,
  { at, reason }: { readonly at: number; readonly reason: string },
): Promise<void> {
  await withDeadline(
    async () =>
      await client.workflow.start(WorkflowName.requestSyncAll, {
        workflowId: syncAgainWorkflowId,
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.TERMINATE_EXISTING,
        startDelay: Math.max(0, at - Date.now()),
        args: [{ reason }],
        staticSummary: `Requests a sync run at ${new Date(at).toISOString()}: ${reason}`.slice(0, 200),
      }),
  );
}

/**
 * Waits for the end of the run that a request started or joined, including what it continues as.
 *
 * @param signal ends the waiting, not the run
 * @throws FerryError if it ended without a result
 */
export async function syncResult(
  temporal: TemporalClient,
  runId: string,
  signal?: AbortSignal,
): Promise<SyncAllResult> {
  return (await resultOf(temporal, { workflowId: syncAllWorkflowId, runId }, signal)) as SyncAllResult;
}

/** Progress of the running `SyncAll`; undefined if none is running or no worker answers in time. */
export async function syncProgress({ client, withDeadline }: TemporalClient): Promise<SyncProgress | undefined> {
  try {
    return await withDeadline(
      async () => await client.workflow.getHandle(syncAllWorkflowId).query<SyncProgress>(MessageName.progress),
    );
  } catch {
    return undefined;
  }
}
