import { TaskQueue } from '../contract/task-queues.js';
import type { Target } from '../domain/target.js';
import type { TemporalClient } from './connect.js';

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's interface. */
const workflowTasks = 1;
/** `TASK_QUEUE_TYPE_ACTIVITY`. */
const activityTasks = 2;
/** A worker polls at least once a minute; Temporal remembers a stopped one for five minutes. */
const staleAfterMs = 75_000;

/**
 * Whether a worker is polling a task queue now, for the main queue its workflow tasks; undefined if Temporal does not
 * say.
 *
 * @param machine name of the machine or container that it runs on; absent: any
 */
export async function isWorkerPolling(
  temporal: TemporalClient,
  queue: TaskQueue = TaskQueue.main,
  machine?: string,
): Promise<boolean | undefined> {
  try {
    const { pollers } = await describeQueue(temporal, queue);
    return (pollers ?? []).some(({ lastAccessTime, identity }) => {
      const isMeant = machine === undefined || identity?.endsWith(`@${machine}`) === true;
      return isMeant && isFreshPoll(lastAccessTime);
    });
  } catch {
    // Only a hint is lost; the command that waits reports the error.
    return undefined;
  }
}

/** What Temporal says of a task queue: of the main one for its workflow tasks. */
export async function describeQueue({ client, withDeadline }: TemporalClient, queue: TaskQueue) {
  return await withDeadline(
    async () =>
      await client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: queue },
        taskQueueType: taskTypeOf(queue),
      }),
  );
}

/** Which of its tasks tell whether a task queue is served. */
export function taskTypeOf(queue: TaskQueue): number {
  return queue === TaskQueue.main ? workflowTasks : activityTasks;
}

/** Whether a worker that polled at this time still runs. */
export function isFreshPoll(lastAccessTime: { readonly seconds?: unknown } | null | undefined): boolean {
  return Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < staleAfterMs;
}

/** The task queues that copies to these targets need; targets behind a Docker daemon have a queue of their own. */
export function queuesFor(targets: readonly Pick<Target, 'engine'>[]): readonly TaskQueue[] {
  const docker = targets.some(({ engine }) => engine === 'docker') ? [TaskQueue.docker] : [];
  return [TaskQueue.main, TaskQueue.copy, ...docker];
}

/** Returns the queues that no worker polls, without those that Temporal says nothing about. */
export async function unservedQueues(
  temporal: TemporalClient,
  queues: readonly TaskQueue[],
): Promise<readonly TaskQueue[]> {
  const polling = await Promise.all(queues.map(async (queue) => await isWorkerPolling(temporal, queue)));
  return queues.filter((_, position) => polling[position] === false);
}
