/** Composition root of the worker: configuration → database, registries, Temporal → ports → activities → workers. */
import { fileURLToPath } from 'node:url';

import { NativeConnection, Runtime, Worker } from '@temporalio/worker';

import { createMainActivities, createTransferActivities, createUpstreamActivities } from './activities/index.js';
import { createSourceGate } from './domain/source-gate.js';
import type { TemporalClient } from './client/connect.js';
import { connectClient } from './client/connect.js';
import { ensureSchedules } from './client/schedules.js';
import { requestSync } from './client/sync-requests.js';
import type { FerryConfig } from './config/read-config.js';
import { readConfig } from './config/read-config.js';
import { TaskQueue } from './contract/task-queues.js';
import { migrate } from './database/migrate.js';
import { openDatabase } from './database/ferry-database.js';
import { createStores } from './database/stores.js';
import type { Logger } from './logger.js';
import { createLogger } from './logger.js';
import { copyImage } from './registry/copy-image.js';
import { dockerConfigCredentials, firstCredentials } from './registry/docker-config.js';
import { headManifest } from './registry/head-manifest.js';
import { hostAddresses } from './registry/host-addresses.js';
import { listTags } from './registry/list-tags.js';
import { planCopy } from './registry/plan-copy.js';
import type { RegistryClient } from './registry/registry-client.js';
import { createRegistryClient } from './registry/registry-client.js';
import { temporalLogger } from './temporal-logger.js';
import { createGitHub } from './upstreams/github.js';
import { createUpstreamWatcher } from './upstreams/upstream-watcher.js';

const defaultAddress = '127.0.0.1:7233';
/** A transfer of hours cannot end in time: it is cut, and the next attempt finds what is over. */
const shutdownGrace = '5s';
const shutdownForce = '20s';

/** Runs a worker until it is told to stop. */
export async function runWorker(variables: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(variables);
  const logger = createLogger('worker');
  Runtime.install({ logger: temporalLogger(logger), shutdownSignals: ['SIGINT', 'SIGTERM'] });

  const closing: (() => Promise<void>)[] = [];
  try {
    const workers = await createWorkers(config, logger, closing);
    const stop = (): void => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    // The supervisor's channel closes when it is gone, however it went: nobody is left who would restart this one.
    process.once('disconnect', stop);
    const runs = workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        stop();
      }
    });
    process.send?.('ready');
    logger.info({ targets: config.targets.map(({ name }) => name) }, 'worker started');
    await Promise.all(runs);
  } finally {
    for (const close of closing.reverse()) await close();
    if (process.connected) process.disconnect();
  }
}

async function createWorkers(config: FerryConfig, logger: Logger, closing: (() => Promise<void>)[]): Promise<Worker[]> {
  const { temporal, targets, platforms, poolSize, copySlots, missingTagWaitMs } = config;
  const address = temporal.address ?? defaultAddress;
  const { namespace, connection: options } = temporal;

  const database = await openDatabase(config.database);
  closing.push(async () => await database.close());
  await migrate(database);
  const stores = createStores(database);

  const registries = createRegistryClient({
    credentials: firstCredentials(
      config.credentials,
      dockerConfigCredentials(config.dockerConfigPath === undefined ? {} : { path: config.dockerConfigPath }),
    ),
    hosts: config.hosts,
  });
  closing.push(async () => registries.close());

  const client = await connectClient({ address, namespace, connection: options });
  closing.push(async () => await client.close());
  if (config.schedules.areKept) await keepSchedules(client, config.schedules, logger);
  const connection = await NativeConnection.connect({ ...options, address });
  closing.push(async () => await connection.close());

  const engine = copyEngine(registries);
  const requester = {
    requestSync: async (request: Parameters<typeof requestSync>[1]) => void (await requestSync(client, request)),
  };
  const sources = createSourceGate(config.sources, hostAddresses);
  const watcher = createUpstreamWatcher({
    github: createGitHub(config.github),
    registries: { listTags: async (repository, look) => await listTags(registries, repository, look) },
  });
  const shared = {
    connection,
    namespace,
    stickyQueueScheduleToStartTimeout: '3s',
    maxHeartbeatThrottleInterval: '2s',
    shutdownGraceTime: shutdownGrace,
    shutdownForceTime: shutdownForce,
  } as const;

  return await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: TaskQueue.main,
      workflowBundle: { codePath: fileURLToPath(new URL('../workflow-bundle.cjs', import.meta.url)) },
      maxConcurrentActivityTaskExecutions: 2 * poolSize,
      activities: {
        ...createMainActivities({
          ...stores,
          engine,
          requester,
          sources,
          targets,
          platforms,
          poolSize,
          history: stores.console,
          historyDays: config.historyDays,
          missingTagWaitMs,
        }),
        ...createUpstreamActivities({ ...stores, watcher, sources, upstreams: config.upstreams, platforms }),
      },
    }),
    Worker.create({
      ...shared,
      taskQueue: TaskQueue.copy,
      maxConcurrentActivityTaskExecutions: copySlots,
      activities: createTransferActivities({ engine, targets }),
    }),
  ]);
}

/** A worker without the right to make schedules still copies; that nobody makes them has to be seen. */
async function keepSchedules(
  client: TemporalClient,
  { settings, off }: FerryConfig['schedules'],
  logger: Logger,
): Promise<void> {
  try {
    const ensured = await ensureSchedules(client, settings, off);
    logger.info({ schedules: ensured }, 'schedules are as configured');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ reason }, 'schedules could not be looked after: "ferry schedules ensure" shows why');
  }
}

function copyEngine(client: RegistryClient) {
  return {
    plan: async (...[request, options]: Tail<typeof planCopy>) => await planCopy(client, request, options),
    copy: async (...[request, options]: Tail<typeof copyImage>) => await copyImage(client, request, options),
    head: async (place: { host: string; repository: string; tag: string }, options?: { signal?: AbortSignal }) =>
      await headManifest(client, { host: place.host, repository: place.repository, reference: place.tag }, options),
  };
}

type Tail<F> = F extends (first: never, ...rest: infer R) => unknown ? R : never;
