import { assertNamespace } from '../../client/connect.js';
import type { TemporalClient } from '../../client/connect.js';
import type { MetricsListen } from '../../config/metrics-settings.js';
import type { Target } from '../../domain/target.js';
import type { Logger } from '../../logger.js';
import { serveObservation } from '../../observability/health/observation-server.js';
import type { ObservationServer } from '../../observability/health/observation-server.js';
import type { MetricsPage } from '../../observability/metrics/ferry-metrics.js';
import { scraper } from '../../observability/metrics/scrape.js';
import type { StatusDatabase } from '../status-database.js';
import { openMetrics } from './open-metrics.js';
import { standingReader } from './standing-reader.js';

export interface ObservedServer {
  /** Absent: no metrics. */
  readonly metrics: MetricsListen | 'server' | undefined;
  readonly database: StatusDatabase;
  readonly temporal: TemporalClient;
  readonly targets: readonly Target[];
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface ServerMetrics {
  /** For the route `/metrics` beside the others; absent: there is none. */
  readonly besideRoutes?: (() => Promise<MetricsPage>) | undefined;
  readonly own?: ObservationServer | undefined;
}

/** Serves the server's `/metrics` on an address of its own, or returns the page for the server's routes. */
export async function observeServer({
  metrics: where,
  database,
  temporal,
  targets,
  log,
}: ObservedServer): Promise<ServerMetrics> {
  const metrics = await openMetrics(where !== undefined);
  if (where === undefined || metrics === undefined) return {};
  const page = scraper({
    metrics,
    readStanding: standingReader(
      async (query) => await database.read(query),
      targets.map(({ name }) => name),
    ),
    assertTemporal: async () => await assertNamespace(temporal),
    report: (reason) => log.warn({ reason }, 'metrics have no numbers of the database: it did not answer'),
  });
  if (where === 'server') return { besideRoutes: page };
  const own = await serveObservation(where, {
    metrics: page,
    report: (reason) => log.warn({ reason }, 'the page of metrics could not be made'),
  });
  log.info({ address: own.address }, 'metrics are served');
  return { own };
}
