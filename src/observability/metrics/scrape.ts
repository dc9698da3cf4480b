import { errorMessage } from '../../domain/error-message.js';
import { inTime } from '../in-time.js';
import type { FerryMetrics, MetricsPage, ServedQueue } from './ferry-metrics.js';
import type { ReadStanding, Standing } from './standing.js';

export interface ScrapeOptions {
  readonly metrics: FerryMetrics;
  readonly readStanding: ReadStanding;
  /** Rejects when Temporal does not answer. */
  readonly assertTemporal: () => Promise<void>;
  readonly queues?: (() => readonly ServedQueue[]) | undefined;
  /** Gets the reason of the first scrape without the database, and of the first one after a success. */
  readonly report: (reason: string) => void;
  /** For each question; a scrape must answer before its own timeout, 10 s by default. Milliseconds. */
  readonly withinMs?: number | undefined;
}

/**
 * Makes a page of metrics. A database or Temporal that does not answer is a number on the page, not a page that is
 * missing: the counters of the process are still true.
 */
export function scraper({
  metrics,
  readStanding,
  assertTemporal,
  queues = () => [],
  report,
  withinMs = 4_000,
}: ScrapeOptions): () => Promise<MetricsPage> {
  let isFailing = false;

  async function standing(): Promise<Standing | undefined> {
    try {
      const read = await inTime(readStanding(), withinMs, 'the database did not answer');
      isFailing = false;
      return read;
    } catch (error) {
      if (!isFailing) report(errorMessage(error));
      isFailing = true;
      return undefined;
    }
  }

  async function isTemporalUp(): Promise<boolean> {
    try {
      await inTime(assertTemporal(), withinMs, 'Temporal did not answer');
      return true;
    } catch {
      return false;
    }
  }

  return async () => {
    const [read, isUp] = await Promise.all([standing(), isTemporalUp()]);
    return await metrics.page({ standing: read, isTemporalUp: isUp, queues: queues() });
  };
}
