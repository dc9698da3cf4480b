import { TaskQueue } from '../contract/task-queues.js';
import type { Target } from '../domain/target.js';
import type { TemporalClient } from './connect.js';

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's interface. */
const workflowTasks = 1;
/** `TASK_QUEUE_TYPE_ACTIVITY`. */
const activityTasks = 2;
/** A worker asks anew at least once a minute; Temporal remembers one that is gone for five. */
const staleAfterMs = 75_000;

/**
 * Whether a worker takes the ferry's workflows, or the activities of another queue, now; undefined when Temporal does not say.
 *
 * @param machine name of the machine or container that it runs on; absent: any
 */
export async function isWorkerPolling(
  { client, withDeadline }: TemporalClient,
  queue: TaskQueue = TaskQueue.main,
  machine?: string,
): Promise<boolean | undefined> {
  try {
    const { pollers } = await withDeadline(
      async () =>
        await client.workflowService.describeTaskQueue({
          namespace: client.options.namespace,
          taskQueue: { name: queue },
          taskQueueType: queue === TaskQueue.main ? workflowTasks : activityTasks,
        }),
    );
    return (pollers ?? []).some(({ lastAccessTime, identity }) => {
      const seconds = Number(lastAccessTime?.seconds ?? 0);
      const isMeant = machine === undefined || identity?.endsWith(`@${machine}`) === true;
      return isMeant && Date.now() - seconds * 1_000 < staleAfterMs;
    });
  } catch {
    // Only a hint is lost; what is waited for says what is wrong.
    return undefined;
  }
}

/** The task queues that copies to these targets go through; those behind a Docker daemon have one of their own. */
export function queuesFor(targets: readonly Pick<Target, 'engine'>[]): readonly TaskQueue[] {
  const docker = targets.some(({ engine }) => engine === 'docker') ? [TaskQueue.docker] : [];
  return [TaskQueue.main, TaskQueue.copy, ...docker];
}

/** Those of the queues that no worker polls; one of which Temporal does not say is left out. */
export async function unservedQueues(
  temporal: TemporalClient,
  queues: readonly TaskQueue[],
): Promise<readonly TaskQueue[]> {
  const polling = await Promise.all(queues.map(async (queue) => await isWorkerPolling(temporal, queue)));
  return queues.filter((_, position) => polling[position] === false);
}
