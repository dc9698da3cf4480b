import type { Worker } from '@temporalio/worker';

import { assertNamespace } from '../../client/connect.js';
import type { TemporalClient } from '../../client/connect.js';
import type { MetricsListen } from '../../config/metrics-settings.js';
import type { Stores } from '../../database/stores.js';
import type { Target } from '../../domain/target.js';
import type { Logger } from '../../logger.js';
import { serveObservation } from '../../observability/health/observation-server.js';
import type { ObservationServer } from '../../observability/health/observation-server.js';
import { checkReadiness } from '../../observability/health/readiness.js';
import type { FerryMetrics, ServedQueue } from '../../observability/metrics/ferry-metrics.js';
import { scraper } from '../../observability/metrics/scrape.js';
import { standingReader } from './standing-reader.js';

export interface ObservedWorker {
  readonly listen: MetricsListen;
  readonly metrics: FerryMetrics;
  readonly stores: Stores;
  readonly temporal: TemporalClient;
  readonly targets: readonly Target[];
  /** Those that run now: the one for Docker daemons may come later. */
  readonly workers: () => readonly Worker[];
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/** Serves the worker's `/metrics`, `/healthz` and `/readyz`. It is ready while it polls and reaches Temporal and database. */
export async function observeWorker({
  listen,
  metrics,
  stores,
  temporal,
  targets,
  workers,
  logger,
}: ObservedWorker): Promise<ObservationServer> {
  const names = targets.map(({ name }) => name);
  const assertTemporal = async (): Promise<void> => await assertNamespace(temporal);
  const queues = (): readonly ServedQueue[] => workers().map(queueOf);
  const scrape = scraper({
    metrics,
    readStanding: standingReader(async (query) => await query(stores), names),
    assertTemporal,
    queues,
    report: (reason) => logger.warn({ reason }, 'metrics have no numbers of the database: it did not answer'),
  });
  const server = await serveObservation(listen, {
    metrics: scrape,
    readiness: async () =>
      await checkReadiness(
        [
          { name: 'polling', otherwise: 'the worker does not poll', check: async () => assertPolling(queues()) },
          { name: 'temporal', otherwise: 'Temporal is not reachable', check: assertTemporal },
          {
            name: 'database',
            otherwise: 'the database is not reachable',
            check: async () => await stores.measures.assertReachable(),
          },
        ],
        (name, reason) => logger.warn({ check: name, reason }, 'the worker is not ready'),
      ),
    report: (reason) => logger.warn({ reason }, 'a page for monitoring could not be made'),
  });
  logger.info({ address: server.address }, 'metrics and health are served');
  return server;
}

function queueOf(worker: Worker): ServedQueue {
  const { runState, workflowPollerState, activityPollerState, numInFlightActivities } = worker.getStatus();
  const isPolling = runState === 'RUNNING' && ![workflowPollerState, activityPollerState].some(isOver);
  return { queue: worker.options.taskQueue, isPolling, activities: numInFlightActivities };
}

/** A worker without workflows has no poller for them: it counts as stopped from the start. */
function isOver(state: string): boolean {
  return state === 'FAILED';
}

function assertPolling(queues: readonly ServedQueue[]): void {
  const silent = queues.filter(({ isPolling }) => !isPolling).map(({ queue }) => queue);
  if (queues.length > 0 && silent.length === 0) return;
  throw new Error(queues.length === 0 ? 'the worker has not started' : `does not poll ${silent.join(', ')}`);
}
