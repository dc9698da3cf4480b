import type { TemporalClient } from './connect.js';
import { workflowDetails } from './workflow-details.js';

/** The last events of a check; more than the requests that arrive during one wait add. */
const eventsRead = 100;

export interface FetchWait {
  /** UTC milliseconds. */
  readonly until: number;
  /** As the workflow reports it. */
  readonly reason: string;
}

/**
 * Returns what a check of an upstream is waiting for, such as GitHub's return. The workflow's details alone do not show
 * this: they stay until the check ends, also while it is sending requests again.
 *
 * @returns undefined if the check is not waiting, or if it is unknown
 */
export async function fetchWait(temporal: TemporalClient, workflowId: string): Promise<FetchWait | undefined> {
  const reason = await workflowDetails(temporal, workflowId);
  if (reason === undefined) return undefined;
  try {
    const until = await timerEnd(temporal, workflowId);
    return until === undefined ? undefined : { until, reason };
  } catch {
    return undefined;
  }
}

async function timerEnd({ client, withDeadline }: TemporalClient, workflowId: string): Promise<number | undefined> {
  const { history } = await withDeadline(
    async () =>
      await client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: { workflowId },
        maximumPageSize: eventsRead,
      }),
  );
  for (const { eventTime, timerFiredEventAttributes, timerStartedEventAttributes } of history?.events ?? []) {
    if (timerFiredEventAttributes) return undefined;
    const length = timerStartedEventAttributes?.startToFireTimeout;
    if (eventTime && length) return milliseconds(eventTime) + milliseconds(length);
  }
  return undefined;
}

function milliseconds({ seconds, nanos }: { readonly seconds?: unknown; readonly nanos?: number | null }): number {
  return Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1_000_000;
}
