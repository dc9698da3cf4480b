import { builtInUpstreamOf } from '../contract/workflow-names.js';
import { upstreamOfFetchId } from '../domain/upstream.js';
import type { TemporalClient } from './connect.js';
import { runningFetchQuery } from './running-fetch-query.js';
import { tickId } from './schedule-options.js';
import { isWorkerPolling } from './worker-availability.js';
import { workflowDetails } from './workflow-details.js';

/** A running check of an upstream. */
export interface RunningFetch {
  readonly upstream: string;
  readonly workflowId: string;
  /** UTC milliseconds. */
  readonly startedAt: number;
  /** What it waits for, as the workflow reports it. */
  readonly waitsFor?: string | undefined;
}

const maxListed = 100;

/** Lists the running checks of upstreams, oldest first, up to 100. */
export async function runningFetches(temporal: TemporalClient): Promise<readonly RunningFetch[]> {
  const { client, withDeadline } = temporal;
  const { executions } = await withDeadline(
    async () =>
      await client.workflowService.listWorkflowExecutions({
        namespace: client.options.namespace,
        pageSize: maxListed,
        query: runningFetchQuery,
      }),
  );
  // Without a worker, a query would wait until its deadline.
  const isServed = (executions ?? []).length > 0 && (await isWorkerPolling(temporal)) === true;
  const running = await Promise.all(
    (executions ?? []).map(async ({ execution, type, startTime }): Promise<RunningFetch> => {
      const workflowId = execution?.workflowId ?? '';
      const waitsFor = isServed ? await workflowDetails(temporal, workflowId) : undefined;
      return {
        upstream: checkedUpstream(type?.name ?? '', workflowId),
        workflowId,
        startedAt: Number(startTime?.seconds ?? 0) * 1_000,
        waitsFor,
      };
    }),
  );
  return running.toSorted((a, b) => a.startedAt - b.startedAt);
}

/** From the workflow type if it identifies the upstream, else from the workflow ID. */
export function checkedUpstream(type: string, workflowId: string): string {
  const builtIn = builtInUpstreamOf(type);
  if (builtIn !== undefined) return builtIn;
  const tick = tickId('');
  const [id = workflowId] = workflowId.split('/', 1);
  const name = upstreamOfFetchId(id) ?? workflowId;
  const end = name.indexOf(tick);
  return end < 0 ? name : name.slice(0, end);
}
