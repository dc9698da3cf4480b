import { setTimeout as sleep } from 'node:timers/promises';

import type { Worker } from '@temporalio/worker';

import type { DockerVersions } from '../docker/examine-daemon.js';
import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';

type RunnableWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

export interface DockerQueueOptions {
  /** @throws Error saying why this machine cannot copy */
  readonly examine: (signal: AbortSignal) => Promise<DockerVersions>;
  readonly createWorker: () => Promise<RunnableWorker>;
  /** Called when a daemon becomes available: images that waited for it can be copied. */
  readonly onReturn: () => Promise<void>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Between two checks; milliseconds, default 30,000. */
  readonly pauseMs?: number;
}

/**
 * Serves the task queue of Docker daemons as soon as one is available here: without a daemon, this worker would take
 * and block images that another worker could copy. Each reason is logged once.
 *
 * @param signal ends it; work in progress gets the worker's grace period
 */
export async function serveDockerQueue(
  { examine, createWorker, onReturn, logger, pauseMs = 30_000 }: DockerQueueOptions,
  signal: AbortSignal,
): Promise<void> {
  let reportedReason = '';
  while (!signal.aborted) {
    const found = await check();
    if (signal.aborted) return;
    if ('daemon' in found) {
      logger.info({ docker: found }, 'the Docker daemon is available: serving its task queue');
      const served = runUntil(signal, await createWorker());
      await Promise.all([served, ...(reportedReason === '' ? [] : [reportReturn()])]);
      return;
    }
    if (found.reason !== reportedReason) {
      logger.warn(
        found,
        'this worker does not serve the task queue of targets behind a Docker daemon; the daemon is checked again',
      );
      reportedReason = found.reason;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }

  async function reportReturn(): Promise<void> {
    try {
      await onReturn();
    } catch (error) {
      logger.warn(
        { reason: errorMessage(error) },
        'could not request a sync; the next sync run copies images that waited for the Docker daemon',
      );
    }
  }

  async function check(): Promise<DockerVersions | { readonly reason: string }> {
    try {
      return await examine(signal);
    } catch (error) {
      return { reason: errorMessage(error) };
    }
  }
}

/** A worker that is stopped at once is still run: only then does it close its connection. */
async function runUntil(signal: AbortSignal, worker: RunnableWorker): Promise<void> {
  const running = worker.run();
  const stop = (): void => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    await running;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
