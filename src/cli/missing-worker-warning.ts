import type { TemporalClient } from '../client/connect.js';
import { unservedQueues } from '../client/worker-availability.js';
import { TaskQueue } from '../contract/task-queues.js';
import { say } from './output.js';

/** A worker that is being started has as long before anybody is told. */
const firstLookMs = 4_000;
const laterLooksMs = 15_000;

export interface MissingWorkerOptions {
  /** Those that what is waited for goes through; default: the main one. */
  readonly queues?: readonly TaskQueue[];
  readonly afterMs?: number;
}

/** Waits as long as it takes; says once for each queue when nobody is there who would do what is waited for. */
export async function warningOfMissingWorker<T>(
  temporal: TemporalClient,
  waiting: Promise<T>,
  { queues = [TaskQueue.main], afterMs = firstLookMs }: MissingWorkerOptions = {},
): Promise<T> {
  let untold = queues;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const lookAfter = (pauseMs: number): void => {
    timer = setTimeout(() => void look(), pauseMs);
  };
  const look = async (): Promise<void> => {
    const unserved = await unservedQueues(temporal, untold);
    if (isOver) return;
    for (const queue of unserved) say(`${missingWorker(queue)}; waiting for it ...`);
    untold = untold.filter((queue) => !unserved.includes(queue));
    if (untold.length > 0) lookAfter(laterLooksMs);
  };
  lookAfter(afterMs);
  try {
    return await waiting;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/** One look: a line for each of the queues that nobody serves now. @returns those queues */
export async function printMissingWorkers(
  temporal: TemporalClient,
  queues: readonly TaskQueue[],
): Promise<readonly TaskQueue[]> {
  const unserved = await unservedQueues(temporal, queues);
  for (const queue of unserved) say(missingWorker(queue));
  return unserved;
}

/** What is missing, and what to do about it. */
export function missingWorker(queue: TaskQueue): string {
  const missing = `no worker is polling task queue ${queue}`;
  return queue === TaskQueue.docker
    ? `${missing}, which targets behind a Docker daemon need: start one where "docker version" answers ("ferry doctor" says what is wrong here)`
    : `${missing}: start one with "ferry up" or "ferry worker"`;
}
