/** Composition root of the worker: configuration → database, registries, Temporal → activities → workers. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { NativeConnection } from '@temporalio/worker';

import { connectClient } from './client/connect.js';
import type { TemporalClient } from './client/connect.js';
import { requestSync } from './client/sync-requests.js';
import { createActivitySets } from './composition/activity-sets.js';
import { announceUnversioned, announceVersion } from './composition/announce-version.js';
import { buildIdOf } from './composition/build-id.js';
import { serveDockerQueue } from './composition/docker-queue.js';
import { limitHeapGrowth } from './composition/heap-growth.js';
import { notifyOnStart } from './composition/notification-parts.js';
import { clientContext } from './composition/observability/client-context.js';
import { meteredStores } from './composition/observability/metered-stores.js';
import { observeWorker } from './composition/observability/observe-worker.js';
import { openMetrics } from './composition/observability/open-metrics.js';
import { openTracing } from './composition/observability/open-tracing.js';
import { requestObserver } from './composition/observability/request-observer.js';
import { installRuntime } from './composition/observability/temporal-runtime.js';
import { examineDocker } from './composition/open-docker-engine.js';
import { openMigrated } from './composition/open-stores.js';
import { reconcileOnStart } from './composition/reconcile-on-start.js';
import { openRegistries } from './composition/registries.js';
import { runTogether } from './composition/run-together.js';
import { tolerantBlobLocations } from './composition/tolerant-blob-locations.js';
import { tolerantUploads } from './composition/tolerant-uploads.js';
import { createWorkers } from './composition/workers.js';
import type { Workers } from './composition/workers.js';
import { workflowBundlePath } from './composition/workflow-bundle.js';
import { readConfig } from './config/read-config.js';
import type { FerryConfig } from './config/read-config.js';
import { defaultTemporalAddress } from './config/temporal-settings.js';
import type { DeploymentVersion } from './contract/deployment-version.js';
import { createStores } from './database/stores.js';
import { errorMessage } from './domain/error-message.js';
import { createLogger } from './logger.js';
import type { Logger } from './logger.js';
import { SourcePulls } from './planning/source-pulls.js';
import { temporalLogger } from './temporal-logger.js';

/** Registries, database and Temporal close in moments. */
const closedWithinMs = 20_000;

/** Runs a worker until it is stopped. */
export async function runWorker(variables: NodeJS.ProcessEnv): Promise<void> {
  limitHeapGrowth();
  const config = readConfig(variables);
  const workflowBundle = workflowBundlePath();
  const logger = createLogger('worker');
  installRuntime({ logger: temporalLogger(logger), shutdownSignals: ['SIGINT', 'SIGTERM'] }, config.metrics.temporal);

  const closing: (() => Promise<void>)[] = [];
  try {
    const version = versionOf(config, workflowBundle);
    const { workers, createDockerWorker, requestAndReportSync, temporal } = await openWorkers(config, {
      logger,
      closing,
      workflowBundle,
      version,
    });
    const stopping = new AbortController();
    closing.push(async () => stopping.abort());
    const stop = (): void => {
      stopping.abort();
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    // The supervisor's channel closes when the supervisor is gone, and no one would restart this process.
    process.once('disconnect', stop);
    const runs = workers.map((worker) => async () => await worker.run());
    if (createDockerWorker !== undefined) {
      const examine = async (signal: AbortSignal) => await examineDocker(config, signal);
      const onReturn = async () => await requestAndReportSync('a Docker daemon is available again');
      const queue = { examine, createWorker: createDockerWorker, onReturn, logger };
      runs.push(async () => await serveDockerQueue(queue, stopping.signal));
    }
    const running = runTogether(runs, stop);
    if (version === undefined) void announceUnversioned(temporal, logger);
    else {
      const isControlled = config.deployment?.isControlled === true;
      void announceVersion(temporal, version, { logger, signal: stopping.signal, isControlled });
    }
    process.send?.('ready');
    logger.info({ targets: config.targets.map(({ name }) => name) }, 'worker started');
    await running;
  } catch (error) {
    // A connection does not close while a worker that was made but never ran holds it: that must not hide why it did not run.
    await closeAll(closing, logger).catch((fault: unknown) =>
      logger.warn({ reason: errorMessage(fault) }, 'a part of the worker did not close'),
    );
    throw error;
  }
  await closeAll(closing, logger);
}

/**
 * Closes every part, also after one that does not close: a connection that was cut without a word may never do so.
 *
 * @throws the first fault
 */
async function closeAll(closing: readonly (() => Promise<void>)[], logger: Logger): Promise<void> {
  const faults: unknown[] = [];
  for (const close of closing.toReversed()) {
    const closed = new AbortController();
    const late = sleep(closedWithinMs, undefined, { signal: closed.signal }).then(
      () => logger.warn('a part of the worker did not close and is left'),
      () => undefined,
    );
    await Promise.race([close(), late]).catch((fault: unknown) => faults.push(fault));
    closed.abort();
  }
  if (process.connected) process.disconnect();
  if (faults.length > 0) throw faults[0];
}

/** Absent without a deployment: then the worker is not versioned. */
function versionOf({ deployment }: FerryConfig, workflowBundle: string): DeploymentVersion | undefined {
  if (deployment === undefined) return undefined;
  return { deploymentName: deployment.name, buildId: deployment.buildId ?? buildIdOf(workflowBundle) };
}

interface Start {
  readonly logger: Logger;
  /** Closed at the end, in reverse order. */
  readonly closing: (() => Promise<void>)[];
  readonly workflowBundle: string;
  readonly version: DeploymentVersion | undefined;
}

interface OpenedWorkers extends Workers {
  readonly temporal: TemporalClient;
  readonly requestAndReportSync: (reason: string) => Promise<void>;
}

async function openWorkers(config: FerryConfig, start: Start): Promise<OpenedWorkers> {
  const { logger, closing, workflowBundle, version } = start;
  const { namespace, connection: options, address = defaultTemporalAddress, advice } = config.temporal;

  const { database, notes } = await openMigrated(config.database);
  for (const note of notes) logger.warn(note);
  closing.push(async () => await database.close());

  const { listen } = config.metrics;
  const metrics = await openMetrics(listen !== undefined);
  const tracing = await openTracing(config.traces, 'worker', (reason) =>
    logger.warn({ reason }, 'traces could not be sent'),
  );
  closing.push(async () => await tracing?.shutdown());
  const stores = createStores(database, metrics === undefined ? {} : meteredStores(metrics));
  const pulls = new SourcePulls(stores.budgets, config.pullAllowances);
  const registries = openRegistries({
    ...config,
    blobLocations: tolerantBlobLocations(stores.blobs, logger),
    ...tolerantUploads(stores, (reason) =>
      logger.warn({ reason }, 'uploads are not recorded: after a crash they would start again from byte 0'),
    ),
    onUnusedCredentials: (reason) => logger.warn({ reason }, "unused credentials in docker's configuration"),
    onMirrorFault: ({ code, message }) =>
      logger.warn({ code, reason: message }, 'a mirror is skipped for a minute; its source is used instead'),
    pulls,
    observer: requestObserver(tracing),
  });
  closing.push(async () => registries.close());

  const temporal = await connectClient({
    address,
    namespace,
    connection: options,
    advice,
    interceptors: [clientContext(tracing)],
  });
  closing.push(async () => await temporal.close());
  await reconcileOnStart(temporal, config.schedules, logger);
  await notifyOnStart(temporal, config, logger);
  const connection = await NativeConnection.connect({ ...options, address });
  closing.push(async () => await connection.close());

  const activities = createActivitySets(config, { stores, registries, temporal, pulls, meter: metrics });
  const workers = await createWorkers(connection, config, { activities, workflowBundle, version, tracing });
  if (listen !== undefined && metrics !== undefined) {
    const { targets } = config;
    const server = await observeWorker({
      listen,
      metrics,
      stores,
      temporal,
      targets,
      workers: workers.running,
      logger,
    });
    closing.push(async () => await server.close());
  }
  const requestAndReportSync = async (reason: string): Promise<void> => {
    await requestSync(temporal, { id: randomUUID(), reason });
  };
  return { ...workers, temporal, requestAndReportSync };
}
