import type { TemporalClient } from '../client/connect.js';
import { isWorkerPolling } from '../client/worker-presence.js';
import { TaskQueue } from '../contract/task-queues.js';
import { say } from './output.js';

/** A worker that is being started has as long before anybody is told. */
const firstLookMs = 4_000;
const laterLooksMs = 15_000;

/** Waits as long as it takes; says once when nobody is there who would do what is waited for. */
export async function tellingOfMissingWorker<T>(
  temporal: TemporalClient,
  waiting: Promise<T>,
  { afterMs = firstLookMs }: { readonly afterMs?: number } = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const lookAfter = (pauseMs: number): void => {
    timer = setTimeout(() => void look(), pauseMs);
  };
  const look = async (): Promise<void> => {
    const isPolling = await isWorkerPolling(temporal);
    if (isOver) return;
    if (isPolling !== false) return lookAfter(laterLooksMs);
    say(
      `no worker is polling task queue ${TaskQueue.main}: start one with "ferry up" or "ferry worker"; waiting for it ...`,
    );
  };
  lookAfter(afterMs);
  try {
    return await waiting;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
