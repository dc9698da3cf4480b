import { WorkflowIdConflictPolicy } from '@temporalio/client';

import type { FetchInput, FetchResult, FetchUpstreamInput } from '../contract/fetch-messages.js';
import { MessageName } from '../contract/messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import { builtInFetchTypes, WorkflowName } from '../contract/workflow-names.js';
import { fetchId } from '../domain/upstream.js';
import type { TemporalClient } from './connect.js';
import { resultOf } from './workflow-result.js';

/** The workflow type that checks an upstream, with its input: a built-in upstream has a type of its own. */
export function fetchWorkflow(
  upstream: string,
  { scope }: FetchInput = {},
): { readonly type: string; readonly input: FetchInput | FetchUpstreamInput } {
  const type = builtInFetchTypes.get(upstream);
  if (type !== undefined) return { type, input: { scope } };
  return { type: WorkflowName.fetchUpstream, input: { name: upstream, scope } };
}

/** One check at a time for each scope: ten concurrent requests are one check. */
export function fetchWorkflowId(upstream: string, { scope }: FetchInput = {}): string {
  return scope === undefined ? fetchId(upstream) : `${fetchId(upstream)}/${scope}`;
}

/**
 * Requests a check of an upstream. A running check is joined and signalled to check once more, since it may have read
 * the listing too early for this request. Needs no running worker.
 */
export async function startFetch(
  { client, withDeadline }: TemporalClient,
  upstream: string,
  asked: FetchInput = {},
): Promise<{ readonly workflowId: string; readonly runId: string }> {
  const { type, input } = fetchWorkflow(upstream, asked);
  const workflowId = fetchWorkflowId(upstream, asked);
  const handle = await withDeadline(
    async () =>
      await client.workflow.signalWithStart(type, {
        workflowId,
        taskQueue: TaskQueue.main,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        args: [input],
        signal: MessageName.checkAgain,
        staticSummary: `Checks ${upstream} for new images`,
      }),
  );
  return { workflowId, runId: handle.signaledRunId };
}

/**
 * Waits for the result of a check. If GitHub's rate limit is used up, this may take an hour.
 *
 * @param signal ends the waiting, not the check
 * @throws FerryError with the upstream's own reason if the check fails until a person acts
 */
export async function fetchResult(
  temporal: TemporalClient,
  run: { readonly workflowId: string; readonly runId: string },
  signal?: AbortSignal,
): Promise<FetchResult> {
  return (await resultOf(temporal, run, signal)) as FetchResult;
}
