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
 * Signals the one `SyncAll`, starting it where it does not run: atomic in the server, so that there is never a second
 * one and no request falls between two. Needs no worker to be online.
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
 * Has the server ask for a run at a time (UTC ms); until then nothing runs and no worker is needed. There is one such
 * request: a later one takes its place.
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
        staticSummary: `Asks for a sync at ${new Date(at).toISOString()}: ${reason}`.slice(0, 200),
      }),
  );
}

/**
 * Waits until the run that a request was given to, and what it continues as, is over.
 *
 * @param signal ends the waiting, not the run
 * @throws FerryError when it ended without a result, saying how
 */
export async function syncResult(
  temporal: TemporalClient,
  runId: string,
  signal?: AbortSignal,
): Promise<SyncAllResult> {
  return (await resultOf(temporal, { workflowId: syncAllWorkflowId, runId }, signal)) as SyncAllResult;
}

/** How far the running `SyncAll` is; undefined when none runs or no worker answers in time. */
export async function syncProgress({ client, withDeadline }: TemporalClient): Promise<SyncProgress | undefined> {
  try {
    return await withDeadline(
      async () => await client.workflow.getHandle(syncAllWorkflowId).query<SyncProgress>(MessageName.progress),
    );
  } catch {
    return undefined;
  }
}
