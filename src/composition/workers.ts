import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';

import type { FerryConfig } from '../config/read-config.js';
import type { DeploymentVersion } from '../contract/deployment-version.js';
import { TaskQueue } from '../contract/task-queues.js';
import type { Tracing } from '../observability/tracing/tracing.js';
import type { ActivitySets } from './activity-sets.js';
import { activityContext } from './observability/activity-context.js';
import { traceSinks } from './observability/trace-sinks.js';

/** Beyond the drain time: activities that are cut off say so, and those that do not are left behind. */
const shutdownForceMs = 15_000;

/** Activities for many images and of the database, beside those of the images in flight: none waits for a slot. */
const activitiesBeside = 24;

/** A daemon pulls and pushes whole images to its disk: more at once only compete for it. */
const dockerCopiesAtOnce = 4;

/** The workers of a process: most start at once, the one for Docker daemons when it can be served. */
export interface Workers {
  readonly workers: readonly Worker[];
  /** For the task queue of Docker daemons; absent if no target is reached through one. */
  readonly createDockerWorker?: () => Promise<Worker>;
  /** All that have been created. */
  readonly running: () => readonly Worker[];
}

/**
 * Creates one Temporal worker per task queue, over one connection.
 *
 * @param parts.workflowBundle path of the workflow code
 * @param parts.version absent: workers are not versioned
 */
export async function createWorkers(
  connection: NativeConnection,
  { temporal, poolSize, copySlots, drainMs }: Pick<FerryConfig, 'temporal' | 'poolSize' | 'copySlots' | 'drainMs'>,
  parts: {
    readonly activities: ActivitySets;
    readonly workflowBundle: string;
    readonly version?: DeploymentVersion | undefined;
    readonly tracing?: Tracing | undefined;
  },
): Promise<Workers> {
  const { activities, workflowBundle, version, tracing } = parts;
  const shared = {
    connection,
    namespace: temporal.namespace,
    stickyQueueScheduleToStartTimeout: '3s',
    maxHeartbeatThrottleInterval: '2s',
    shutdownGraceTime: drainMs,
    shutdownForceTime: drainMs + shutdownForceMs,
    ...(version === undefined ? {} : { workerDeploymentOptions: versioned(version) }),
    interceptors: { activity: [activityContext(tracing)] },
  } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: TaskQueue.main,
      workflowBundle: { codePath: workflowBundle },
      sinks: traceSinks(tracing),
      maxConcurrentActivityTaskExecutions: 2 * poolSize + activitiesBeside,
      activities: activities.main,
    }),
    Worker.create({
      ...shared,
      taskQueue: TaskQueue.copy,
      maxConcurrentActivityTaskExecutions: copySlots,
      activities: activities.copy,
    }),
  ]);
  const { docker } = activities;
  const created: Worker[] = [...workers];
  const running = (): readonly Worker[] => created;
  if (docker === undefined) return { workers, running };
  const createDockerWorker = async (): Promise<Worker> => {
    const worker = await Worker.create({
      ...shared,
      taskQueue: TaskQueue.docker,
      maxConcurrentActivityTaskExecutions: Math.min(copySlots, dockerCopiesAtOnce),
      activities: docker,
    });
    created.push(worker);
    return worker;
  };
  return { workers, running, createDockerWorker };
}

/** What lives long moves to the current version with its next workflow task; `SyncImage` says otherwise for itself. */
function versioned(version: DeploymentVersion) {
  return { useWorkerVersioning: true, version, defaultVersioningBehavior: 'AUTO_UPGRADE' } as const;
}
