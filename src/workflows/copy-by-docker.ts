import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';

import type { CopyByDockerInput, CopyImageResult, Fault } from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';
import { dockerCopying } from './activity-proxies.js';

/** Another round would wait as long again. */
const untaken: Fault = {
  code: 'unreachable',
  decision: 'retry',
  again: 'next-run',
  reason: `no worker with a Docker daemon took its copy within an hour (task queue ${TaskQueue.docker}): either none is left ("ferry doctor" says what is wrong here), or they have more to copy than they can; the next run tries again`,
};

/**
 * Copies an image through a Docker daemon. Where no worker takes the copy in time its targets stay open: what the others
 * got meanwhile is recorded all the same.
 *
 * @param summary what Temporal's pages show of it
 */
export async function copyByDocker(input: CopyByDockerInput, summary: string): Promise<CopyImageResult> {
  try {
    return await dockerCopying.copyByDocker.executeWithOptions({ summary }, [input]);
  } catch (error) {
    if (!isUntaken(error)) throw error;
    return { done: [], open: input.destinations.map((destination) => ({ destination, fault: untaken })), bytesRead: 0 };
  }
}

function isUntaken(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}
