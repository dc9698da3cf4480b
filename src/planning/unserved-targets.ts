import type { Fault, LeftTarget } from '../contract/activity-types.js';
import { TaskQueue } from '../contract/task-queues.js';
import type { Target } from '../domain/target.js';

/** Tried again in the attempts of an image: a worker that is being started has its daemon a moment later. */
const noDaemonWorker: Fault = {
  code: 'unreachable',
  decision: 'retry',
  reason: `no worker with a Docker daemon takes its copies (task queue ${TaskQueue.docker}): start one where "docker version" answers; "ferry doctor" says what is wrong here`,
};

/**
 * Targets behind Docker daemons while no worker has one. A copy that waited for such a worker would keep its image's place
 * in the run, from the other targets and images, for as long as there is none.
 */
export async function unservedTargets(
  targets: readonly Target[],
  workers: DaemonWorkers,
): Promise<readonly LeftTarget[]> {
  const behindDaemons = targets.filter(({ engine }) => engine === 'docker');
  if (behindDaemons.length === 0 || (await workers.arePolling()) !== false) return [];
  return behindDaemons.map(({ name }) => ({ target: name, fault: noDaemonWorker }));
}

/** Workers that copy through Docker daemons. */
export interface DaemonWorkers {
  /** Whether there is one now; undefined when Temporal cannot say. */
  arePolling(): Promise<boolean | undefined>;
}
