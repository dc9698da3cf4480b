import type { TemporalClient } from './connect.js';
import { workflowDetails } from './workflow-details.js';

/** The last events of a look; more than requests that come in during one wait add. */
const eventsRead = 100;

export interface FetchWait {
  /** UTC ms. */
  readonly until: number;
  /** In the look's own words. */
  readonly reason: string;
}

/**
 * What a look at an upstream sleeps for, such as GitHub's return. What it says of itself is not enough: that stands until
 * the look is over, while it is asking again, too.
 *
 * @returns undefined when it does not sleep, or nobody can say
 */
export async function fetchWait(temporal: TemporalClient, workflowId: string): Promise<FetchWait | undefined> {
  const reason = await workflowDetails(temporal, workflowId);
  if (reason === undefined) return undefined;
  try {
    const until = await sleepsUntil(temporal, workflowId);
    return until === undefined ? undefined : { until, reason };
  } catch {
    return undefined;
  }
}

async function sleepsUntil({ client, withDeadline }: TemporalClient, workflowId: string): Promise<number | undefined> {
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
