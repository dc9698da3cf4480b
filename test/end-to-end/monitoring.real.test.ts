import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { seriesOf } from '../support/metrics-page.js';
import { startPrometheus } from '../support/prometheus.js';
import type { PrometheusServer } from '../support/prometheus.js';
import { projectRoot, requireTool } from '../support/tools.js';

const dashboardPath = join(projectRoot, 'deploy', 'monitoring', 'grafana-dashboard.json');

describe('a Prometheus that scrapes "ferry up"', () => {
  let source: RegistryServer;
  let own: RegistryServer;
  let stage: FerryStage;
  let prometheus: PrometheusServer;
  let worker: string;
  let server: string;
  let temporal: string;

  beforeAll(async () => {
    [worker, server, temporal] = await freeAddresses();
    source = await startRegistry({ kind: 'distribution' });
    own = await startRegistry({ kind: 'distribution' });
    const away = `127.0.0.1:${await freePort()}`;
    stage = makeFerryStage({
      configuration: {
        hosts: {
          [source.host]: { scheme: 'http', pulls: { allowance: 100, window: '6h' } },
          [away]: { scheme: 'http' },
        },
        targets: { away: { registry: away } },
      },
      environment: {
        MY_REGISTRY: own.url,
        FERRY_METRICS_LISTEN: worker,
        FERRY_SERVER_METRICS_LISTEN: server,
        FERRY_TEMPORAL_METRICS_LISTEN: temporal,
      },
    });
    prometheus = await startPrometheus({ targets: { worker, server }, rules: (text) => shortened(text) });
    await stage.up();
    await prometheus.until('ferry_build_info', (samples) => samples.length === 2);
  }, 120_000);

  afterAll(async () => {
    await stage.clear();
    await prometheus.stop();
    await Promise.all([source.stop(), own.stop()]);
  });

  test('counts bytes, attempts and runs, and sees the target that is away', { timeout: 120_000 }, async () => {
    const image = await makeImage({ name: 'monitored', layers: [200_000] });
    await pushImage(source, { image, repository: 'org/app', tag: '1' });
    await stage.ferry('add', `${source.host}/org/app:1`);
    await stage.ferry('sync', '--wait');

    await prometheus.until('ferry_target_up{target="away", part="worker"}', ([sample]) => sample?.value === 0);
    const [read] = await prometheus.query(`ferry_transfer_bytes_total{direction="read", host="${source.host}"}`);
    const [sent] = await prometheus.query(`ferry_transfer_bytes_total{direction="sent", host="${own.host}"}`);
    const attempts = await prometheus.query('ferry_attempts_total{part="worker"}');
    const [runs] = await prometheus.query('ferry_run_duration_seconds_count{part="worker"}');
    // The server keeps a reading of the database for ten seconds.
    const isRetrying = 'ferry_images{part="server", state="retrying"} == 1';
    const images = await prometheus.until(isRetrying, (samples) => samples.length === 1);

    expect(read?.value).toBeGreaterThan(0);
    // The configuration of an image is read with its manifest, and sent as a blob.
    expect(sent?.value).toBeGreaterThanOrEqual(read?.value ?? Infinity);
    expect(attempts.map(({ metric, value }) => [metric['code'], value > 0])).toEqual([
      ['ok', true],
      ['unreachable', true],
    ]);
    expect(runs?.value).toBeGreaterThan(0);
    expect(images).toHaveLength(1);
  });

  test('every query of the dashboard returns data', { timeout: 90_000 }, async () => {
    const dashboard = JSON.parse(readFileSync(dashboardPath, 'utf8')) as Dashboard;
    const queries = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

    const empty: string[] = [];
    for (const { title, expr } of queries) {
      const isThere = await prometheus
        .until(expr, (samples) => samples.some(({ value }) => Number.isFinite(value)))
        .then(() => true)
        .catch(() => false);
      if (!isThere) empty.push(`${title}: ${expr}`);
    }

    expect(queries.length).toBeGreaterThan(15);
    expect(empty).toEqual([]);
  });

  test('an alert fires while a target is away', { timeout: 60_000 }, async () => {
    const firing = async (): Promise<readonly string[]> =>
      (await prometheus.alerts()).filter(({ state }) => state === 'firing').map(({ name }) => name);
    const deadline = Date.now() + 45_000;
    while (!(await firing()).includes('FerryTargetDown') && Date.now() < deadline) await sleep(250);

    const names = await firing();

    expect(names).toContain('FerryTargetDown');
    expect(names).not.toContain('FerryProcessDown');
    expect(names).not.toContain('FerryWorkerNotPolling');
  });

  test('the pages pass the checks of promtool, and have less than 200 series', async () => {
    for (const address of [worker, server]) {
      const text = await (await fetch(`http://${address}/metrics`)).text();

      const { status, stdout, stderr } = spawnSync(requireTool('promtool'), ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
      });

      expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
      expect(Object.keys(seriesOf(text)).length).toBeLessThanOrEqual(200);
      expect(text).not.toContain('org/app');
    }
  });

  test('the worker is healthy and ready, and Temporal serves the metrics of its own SDK', async () => {
    const health = await fetch(`http://${worker}/healthz`);
    const ready = await fetch(`http://${worker}/readyz`);
    const sdk = await fetch(`http://${temporal}/metrics`);

    expect(health.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ok', polling: 'ok', temporal: 'ok', database: 'ok' });
    expect(await sdk.text()).toContain('temporal_worker_task_slots_available');
  });
});

/** Alerts after seconds in place of minutes. */
function shortened(rules: string): string {
  return rules.replaceAll(/for: \d+m/g, 'for: 2s');
}

async function freeAddresses(): Promise<[string, string, string]> {
  const ports = new Set<number>();
  while (ports.size < 3) ports.add(await freePort());
  const [one = 0, two = 0, three = 0] = ports;
  return [`127.0.0.1:${one}`, `127.0.0.1:${two}`, `127.0.0.1:${three}`];
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}
