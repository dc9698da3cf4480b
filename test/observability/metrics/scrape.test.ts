import { describe, expect, test } from 'vitest';

import { FerryMetrics } from '../../../src/observability/metrics/ferry-metrics.js';
import { scraper } from '../../../src/observability/metrics/scrape.js';
import { keptStanding } from '../../../src/observability/metrics/standing.js';
import type { ReadStanding, Standing } from '../../../src/observability/metrics/standing.js';
import { seriesOf } from '../../support/metrics-page.js';

const standing: Standing = {
  images: { pending: 0, waiting: 0, retrying: 0, blocked: 0, pushed: 7, withdrawn: 0 },
  oldestPendingSeconds: 0,
  targets: [],
  pulls: [],
};
const there = async (): Promise<void> => {};
const never = async <T>(): Promise<T> => await new Promise<T>(() => {});

function scrapeOf(readStanding: ReadStanding, assertTemporal: () => Promise<void> = there) {
  const reasons: string[] = [];
  const metrics = new FerryMetrics({ version: '1' });
  metrics.attempted('ok');
  const report = (reason: string): void => void reasons.push(reason);
  const scrape = scraper({ metrics, readStanding, assertTemporal, report, withinMs: 20 });
  return { reasons, scrape: async () => seriesOf((await scrape()).text) };
}

describe('a scrape', () => {
  test('answers with the counters of the process while the database is away, and reports that once', async () => {
    let isAway = true;
    const { scrape, reasons } = scrapeOf(async () => {
      if (isAway) throw new Error('connection refused');
      return standing;
    });

    const before = await scrape();
    await scrape();
    isAway = false;
    const after = await scrape();
    isAway = true;
    await scrape();

    expect(before).toMatchObject({ ferry_database_up: 0, 'ferry_attempts_total{code="ok"}': 1 });
    expect(after).toMatchObject({ ferry_database_up: 1, 'ferry_images{state="pushed"}': 7 });
    expect(reasons).toEqual(['connection refused', 'connection refused']);
  });

  test('does not wait for a database or a Temporal that does not answer', async () => {
    const { scrape, reasons } = scrapeOf(never, never);

    const page = await scrape();

    expect(page).toMatchObject({ ferry_database_up: 0, ferry_temporal_up: 0 });
    expect(reasons).toEqual(['the database did not answer within 0.02 s']);
  });
});

describe('a reading of the database', () => {
  test('is shared by scrapes that come close together', async () => {
    let reads = 0;
    const read = keptStanding(async () => {
      reads += 1;
      return standing;
    }, 60_000);

    await Promise.all([read(), read()]);
    await read();

    expect(reads).toBe(1);
  });

  test('is made again after its time', async () => {
    let reads = 0;
    const read = keptStanding(async () => {
      reads += 1;
      return standing;
    }, -1);

    await read();
    // The rest after a query is a multiple of what it took, which is microseconds here.
    const until = performance.now() + 50;
    while (performance.now() < until);
    await read();

    expect(reads).toBe(2);
  });

  test('is not kept when it failed', async () => {
    let reads = 0;
    const read = keptStanding(async () => {
      reads += 1;
      if (reads === 1) throw new Error('away');
      return standing;
    }, 60_000);

    await expect(read()).rejects.toThrow('away');

    await expect(read()).resolves.toBe(standing);
  });
});
