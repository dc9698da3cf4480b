import { setTimeout as sleep } from 'node:timers/promises';

import type { Worker } from '@temporalio/worker';

import type { DockerVersions } from '../docker/examine-daemon.js';
import type { Logger } from '../logger.js';

type RunnableWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

export interface DockerQueueOptions {
  /** @throws Error saying why copies cannot be made here */
  readonly examine: (signal: AbortSignal) => Promise<DockerVersions>;
  readonly createWorker: () => Promise<RunnableWorker>;
  /** Called when a daemon can be used that could not before: what was left out for want of it need not wait. */
  readonly onReturn: () => Promise<void>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Between two looks; milliseconds, default 30,000. */
  readonly pauseMs?: number;
}

/**
 * Serves the queue of Docker daemons from the moment when one can be used here: a worker without one would take images
 * and block them that another worker could copy. Why it does not yet is said once for each reason.
 *
 * @param signal ends it; what is in work gets the worker's grace
 */
export async function serveDockerQueue(
  { examine, createWorker, onReturn, logger, pauseMs = 30_000 }: DockerQueueOptions,
  signal: AbortSignal,
): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    const found = await look();
    if (signal.aborted) return;
    if ('daemon' in found) {
      logger.info({ docker: found }, 'the Docker daemon answers: its task queue is served');
      const served = runUntil(signal, await createWorker());
      await Promise.all([served, ...(told === '' ? [] : [tellReturn()])]);
      return;
    }
    if (found.reason !== told) {
      logger.warn(
        found,
        'the task queue of targets behind a Docker daemon is not served here; the daemon is looked for again',
      );
      told = found.reason;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }

  async function tellReturn(): Promise<void> {
    try {
      await onReturn();
    } catch (error) {
      logger.warn(
        { reason: reasonOf(error) },
        'no sync could be asked for; the next run takes what waited for the Docker daemon',
      );
    }
  }

  async function look(): Promise<DockerVersions | { readonly reason: string }> {
    try {
      return await examine(signal);
    } catch (error) {
      return { reason: reasonOf(error) };
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Also one that is stopped at once is run: only then does it let go of its connection. */
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
