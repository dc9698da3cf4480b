import type { TemporalClient } from '../client/connect.js';
import { unservedQueues } from '../client/worker-availability.js';
import { TaskQueue } from '../contract/task-queues.js';
import { printMessage } from './output.js';

/** A worker that is starting has this long before the first warning. */
const firstCheckMs = 4_000;
const laterChecksMs = 15_000;

export interface MissingWorkerOptions {
  /** The task queues that the work depends on; default: the main one. */
  readonly queues?: readonly TaskQueue[];
  readonly afterMs?: number;
}

/** Waits for a promise. Warns once per task queue if no worker polls it in the meantime. */
export async function warningOfMissingWorker<T>(
  temporal: TemporalClient,
  waiting: Promise<T>,
  { queues = [TaskQueue.main], afterMs = firstCheckMs }: MissingWorkerOptions = {},
): Promise<T> {
  let unreported = queues;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const checkAfter = (pauseMs: number): void => {
    timer = setTimeout(() => void check(), pauseMs);
  };
  const check = async (): Promise<void> => {
    const unserved = await unservedQueues(temporal, unreported);
    if (isOver) return;
    for (const queue of unserved) printMessage(`${missingWorker(queue)}; waiting for it ...`);
    unreported = unreported.filter((queue) => !unserved.includes(queue));
    if (unreported.length > 0) checkAfter(laterChecksMs);
  };
  checkAfter(afterMs);
  try {
    return await waiting;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** Checks once, and prints a line for each queue that no worker polls. @returns those queues */
export async function printMissingWorkers(
  temporal: TemporalClient,
  queues: readonly TaskQueue[],
): Promise<readonly TaskQueue[]> {
  const unserved = await unservedQueues(temporal, queues);
  for (const queue of unserved) printMessage(missingWorker(queue));
  return unserved;
}

/** Says what is missing and what to do. */
export function missingWorker(queue: TaskQueue): string {
  const missing = `no worker is polling task queue ${queue}`;
  return queue === TaskQueue.docker
    ? `${missing}, which targets behind a Docker daemon need: start one on a machine where "docker version" works ("ferry doctor" shows what is wrong here)`
    : `${missing}: start one with "ferry up" or "ferry worker"`;
}
