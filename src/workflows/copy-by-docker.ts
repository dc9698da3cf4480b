import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';

import type { CopyByDockerInput, CopyImageResult, Fault } from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';
import { dockerCopying } from './activity-proxies.js';

/** Not retried in this run: another attempt would wait an hour again. */
const notStarted: Fault = {
  code: 'unreachable',
  decision: 'retry',
  again: 'next-run',
  reason: `no worker with a Docker daemon started the copy within an hour (task queue ${TaskQueue.docker}): either none is running (see "ferry doctor"), or all are busy; the next run retries`,
};

/**
 * copyByDocker copies an image through a Docker daemon. If no worker starts the copy in time, its targets stay open, and
 * the copies to other targets are still recorded.
 *
 * @param summary shown in Temporal's web UI
 */
export async function copyByDocker(input: CopyByDockerInput, summary: string): Promise<CopyImageResult> {
  try {
    return await dockerCopying.copyByDocker.executeWithOptions({ summary }, [input]);
  } catch (error) {
    if (!isNotStarted(error)) throw error;
    return {
      done: [],
      open: input.destinations.map((destination) => ({ destination, fault: notStarted })),
      bytesRead: 0,
    };
  }
}

function isNotStarted(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}
