import type { TemporalClient } from '../client/connect.js';
import { fetchResult } from '../client/start-fetch.js';
import { workflowDetails } from '../client/workflow-details.js';
import type { FetchResult } from '../contract/fetch-messages.js';
import { printMessage } from './output.js';

const pollIntervalMs = 2_000;

/**
 * Waits for a check of an upstream and prints on standard error what the check itself waits for: a rate limit or an
 * unreachable GitHub may take hours.
 *
 * @param signal ends the waiting, not the check
 */
export async function watchFetch(
  temporal: TemporalClient,
  upstream: string,
  run: { readonly workflowId: string; readonly runId: string },
  signal?: AbortSignal,
): Promise<FetchResult> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let shown: string | undefined;
  const pollLater = (): void => {
    timer = setTimeout(() => void poll(), pollIntervalMs);
  };
  const poll = async (): Promise<void> => {
    const details = await workflowDetails(temporal, run.workflowId);
    if (isOver) return;
    if (details !== undefined && details !== shown) printMessage(`${upstream}: ${details}`);
    shown = details ?? shown;
    pollLater();
  };
  pollLater();
  try {
    return await fetchResult(temporal, run, signal);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
