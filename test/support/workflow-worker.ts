import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { inject } from 'vitest';

import type { CopyActivities, DockerActivities, MainActivities } from '../../src/contract/activity-types.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { fromSources } from './from-sources.js';
import { quietRuntime } from './quiet-runtime.js';
import { freshNamespace } from './temporal-server.js';

/** What every worker has. */
export const contextInterceptors = fileURLToPath(
  new URL('../../src/workflows/context-interceptors.ts', import.meta.url),
);

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The real workflow code, bundled once in a test file. */
export async function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflows([]);
  return await bundle;
}

/** The same with a queue timeout of one second, for tests in which no worker takes the activity. */
export async function impatientWorkflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflows([fileURLToPath(new URL('./impatient-interceptor.ts', import.meta.url))]);
}

async function bundleWorkflows(workflowInterceptorModules: string[]): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
    workflowInterceptorModules: [contextInterceptors, ...workflowInterceptorModules],
    webpackConfigHook: fromSources,
    logger: new DefaultLogger('WARN'),
  });
}

export interface WorkflowWorker {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  /** Stops the workers and runs others in their place. No worker runs in between. */
  restart(inBetween?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Real workflow code on the real server, with the test's own activities, in a namespace of its own. The queue of Docker
 * daemons is served if the test has an activity for it.
 *
 * @param ownBundle other workflow code than `workflowBundle()`
 */
export async function startWorkflowWorker(
  activities: MainActivities & CopyActivities & Partial<DockerActivities>,
  ownBundle?: WorkflowBundleWithSourceMap,
): Promise<WorkflowWorker> {
  quietRuntime();
  const namespace = freshNamespace();
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  let running = await start();

  return {
    client: new Client({ connection, namespace }),
    connection,
    namespace,
    async restart(inBetween) {
      await running.stop();
      await inBetween?.();
      running = await start();
    },
    async stop() {
      await running.stop();
      await native.close();
      await connection.close();
    },
  };

  async function start(): Promise<{ stop(): Promise<void> }> {
    const byDocker = activities.copyByDocker === undefined ? [] : [TaskQueue.docker];
    const workers = await Promise.all(
      [TaskQueue.main, TaskQueue.copy, ...byDocker].map(
        async (taskQueue) =>
          await Worker.create({
            connection: native,
            namespace,
            taskQueue,
            activities,
            stickyQueueScheduleToStartTimeout: '3s',
            maxHeartbeatThrottleInterval: '200ms',
            ...(taskQueue === TaskQueue.main ? { workflowBundle: ownBundle ?? (await workflowBundle()) } : {}),
          }),
      ),
    );
    const runs = Promise.all(workers.map(async (worker) => await worker.run()));
    return {
      async stop() {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        await runs;
      },
    };
  }
}
