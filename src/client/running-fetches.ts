import { builtInUpstreamOf, fetchWorkflowTypes } from '../contract/workflow-names.js';
import { upstreamOfFetchId } from '../domain/upstream.js';
import type { TemporalClient } from './connect.js';
import { tickId } from './schedule-options.js';
import { isWorkerPolling } from './worker-availability.js';
import { workflowDetails } from './workflow-details.js';

/** A look at an upstream that is not over. */
export interface RunningFetch {
  readonly upstream: string;
  readonly workflowId: string;
  /** UTC milliseconds. */
  readonly startedAt: number;
  /** What it waits for, in its own words. */
  readonly waitsFor?: string;
}

const listed = 100;

/** Every look at an upstream that runs now, the oldest first; the first 100 of them. */
export async function runningFetches(temporal: TemporalClient): Promise<readonly RunningFetch[]> {
  const { client, withDeadline } = temporal;
  const { executions } = await withDeadline(
    async () =>
      await client.workflowService.listWorkflowExecutions({
        namespace: client.options.namespace,
        pageSize: listed,
        query: `WorkflowType in (${fetchWorkflowTypes.map((type) => `'${type}'`).join(', ')}) and ExecutionStatus = 'Running'`,
      }),
  );
  // Without a worker a question to a workflow is answered only by its deadline.
  const isServed = (executions ?? []).length > 0 && (await isWorkerPolling(temporal)) === true;
  const running = await Promise.all(
    (executions ?? []).map(async ({ execution, type, startTime }): Promise<RunningFetch> => {
      const workflowId = execution?.workflowId ?? '';
      const waitsFor = isServed ? await workflowDetails(temporal, workflowId) : undefined;
      return {
        upstream: upstreamOf(type?.name ?? '', workflowId),
        workflowId,
        startedAt: Number(startTime?.seconds ?? 0) * 1_000,
        ...(waitsFor === undefined ? {} : { waitsFor }),
      };
    }),
  );
  return running.toSorted((a, b) => a.startedAt - b.startedAt);
}

/** By its type where that says it; else by the ID that the ferry or its schedule gave it. */
function upstreamOf(type: string, workflowId: string): string {
  const builtIn = builtInUpstreamOf(type);
  if (builtIn !== undefined) return builtIn;
  const tick = tickId('');
  const [id = workflowId] = workflowId.split('/', 1);
  const name = upstreamOfFetchId(id) ?? workflowId;
  const end = name.indexOf(tick);
  return end < 0 ? name : name.slice(0, end);
}
