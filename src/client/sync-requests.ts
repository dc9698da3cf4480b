import { WorkflowIdConflictPolicy } from '@temporalio/client';

import { MessageName } from '../contract/messages.js';
import type { SyncAllResult, SyncProgress, SyncRequest } from '../contract/sync.js';
import { TaskQueue } from '../contract/task-queues.js';
import { SYNC_ALL_WORKFLOW_ID, WORKFLOW_TASK_TIMEOUT, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';

/**
 * Signals the one `SyncAll`, starting it where it does not run: atomic in the server, so that there is never a second
 * one and no request falls between two. Needs no worker to be online.
 */
export async function requestSync({ client, soon }: TemporalClient, request: SyncRequest): Promise<{ runId: string }> {
  const handle = await soon(
    async () =>
      await client.workflow.signalWithStart(WorkflowName.syncAll, {
        workflowId: SYNC_ALL_WORKFLOW_ID,
        taskQueue: TaskQueue.main,
        workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
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
 * Waits until the run that a request was given to, and what it continues as, is over.
 *
 * @param signal ends the waiting, not the run: the call that is under way is given up before this rejects
 */
export async function syncResult(
  { client }: TemporalClient,
  runId: string,
  signal?: AbortSignal,
): Promise<SyncAllResult> {
  const wait = async (): Promise<SyncAllResult> =>
    (await client.workflow.getHandle(SYNC_ALL_WORKFLOW_ID, runId).result()) as SyncAllResult;
  return signal === undefined ? await wait() : await client.connection.withAbortSignal(signal, wait);
}

/** How far the running `SyncAll` is; undefined when none runs or no worker answers in time. */
export async function syncProgress({ client, soon }: TemporalClient): Promise<SyncProgress | undefined> {
  try {
    return await soon(
      async () => await client.workflow.getHandle(SYNC_ALL_WORKFLOW_ID).query<SyncProgress>(MessageName.progress),
    );
  } catch {
    return undefined;
  }
}
