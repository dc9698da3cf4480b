import { fetchResult } from '../client/start-fetch.js';
import type { TemporalClient } from '../client/connect.js';
import { workflowDetails } from '../client/workflow-details.js';
import type { FetchResult } from '../contract/fetch-messages.js';
import { say } from './output.js';

const lookEveryMs = 2_000;

/**
 * Waits for a look at an upstream, and says on standard error what it waits for itself: a rate limit, or a GitHub that
 * cannot be reached, may take hours.
 *
 * @param signal ends the waiting, not the look
 */
export async function watchFetch(
  temporal: TemporalClient,
  upstream: string,
  run: { readonly workflowId: string; readonly runId: string },
  signal?: AbortSignal,
): Promise<FetchResult> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let said: string | undefined;
  const lookLater = (): void => {
    timer = setTimeout(() => void look(), lookEveryMs);
  };
  const look = async (): Promise<void> => {
    const details = await workflowDetails(temporal, run.workflowId);
    if (isOver) return;
    if (details !== undefined && details !== said) say(`${upstream}: ${details}`);
    said = details ?? said;
    lookLater();
  };
  lookLater();
  try {
    return await fetchResult(temporal, run, signal);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
