import { register } from 'prom-client';
import { describe, expect, test } from 'vitest';

import { FerryMetrics } from '../../../src/observability/metrics/ferry-metrics.js';
import type { Readings } from '../../../src/observability/metrics/ferry-metrics.js';
import { seriesOf } from '../../support/metrics-page.js';

const standing = {
  images: { pending: 3, waiting: 2, retrying: 1, blocked: 4, pushed: 9_990, withdrawn: 0 },
  oldestPendingSeconds: 90.5,
  targets: [
    { target: 'aliyun', isUp: true },
    { target: 'private', isUp: false },
  ],
  pulls: [{ source: 'docker.io', remaining: 42 }],
};
const readings: Readings = {
  standing,
  isTemporalUp: true,
  queues: [
    { queue: 'ferry', isPolling: true, activities: 2 },
    { queue: 'ferry-copy', isPolling: false, activities: 0 },
  ],
};

describe('the page of metrics', () => {
  test('shows what the process did and what the database says, in base units', async () => {
    const metrics = new FerryMetrics({ version: '1.2.3' });
    metrics.transferred('read', 'docker.io', 1_000);
    metrics.transferred('sent', 'registry.example.com', 400);
    metrics.transferred('sent', 'registry.example.com', 100);
    metrics.continued('registry.example.com');
    metrics.attempted('ok');
    metrics.attempted('unreachable');
    metrics.runFinished(42);
    metrics.notified('ops', 'sent');

    const { text, contentType } = await metrics.page(readings);

    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(seriesOf(text)).toMatchObject({
      'ferry_build_info{version="1.2.3"}': 1,
      'ferry_transfer_bytes_total{direction="read",host="docker.io"}': 1_000,
      'ferry_transfer_bytes_total{direction="sent",host="registry.example.com"}': 500,
      'ferry_upload_continuations_total{host="registry.example.com"}': 1,
      'ferry_attempts_total{code="ok"}': 1,
      'ferry_attempts_total{code="unreachable"}': 1,
      'ferry_run_duration_seconds_bucket{le="10"}': 0,
      'ferry_run_duration_seconds_bucket{le="60"}': 1,
      ferry_run_duration_seconds_sum: 42,
      'ferry_notifications_total{channel="ops",outcome="sent"}': 1,
      ferry_database_up: 1,
      ferry_temporal_up: 1,
      'ferry_worker_polling{task_queue="ferry"}': 1,
      'ferry_worker_polling{task_queue="ferry-copy"}': 0,
      'ferry_worker_activities{task_queue="ferry"}': 2,
      'ferry_images{state="pushed"}': 9_990,
      'ferry_images{state="blocked"}': 4,
      ferry_oldest_pending_seconds: 90.5,
      'ferry_target_up{target="aliyun"}': 1,
      'ferry_target_up{target="private"}': 0,
      'ferry_pull_allowance_remaining{source="docker.io"}': 42,
    });
  });

  test('leaves out what the database last said when it does not answer', async () => {
    const metrics = new FerryMetrics({ version: '1.2.3' });
    await metrics.page(readings);

    const { text } = await metrics.page({ ...readings, standing: undefined, isTemporalUp: false });

    expect(seriesOf(text)).toMatchObject({ ferry_database_up: 0, ferry_temporal_up: 0 });
    expect(text).not.toMatch(/^ferry_(images|oldest_pending_seconds|target_up|pull_allowance_remaining)\b/m);
  });

  test('forgets a target that is not configured any more', async () => {
    const metrics = new FerryMetrics({ version: '1.2.3' });
    await metrics.page(readings);

    const { text } = await metrics.page({ ...readings, standing: { ...standing, targets: [] } });

    expect(text).not.toContain('ferry_target_up{');
  });

  test('two of them share nothing, and the library of the process stays empty', async () => {
    const one = new FerryMetrics({ version: '1' });
    const other = new FerryMetrics({ version: '2' });
    one.transferred('read', 'docker.io', 1);

    const { text } = await other.page(readings);

    expect(text).not.toContain('docker.io",direction');
    expect(seriesOf(text)).not.toHaveProperty(['ferry_transfer_bytes_total{direction="read",host="docker.io"}']);
    expect(await register.getMetricsAsJSON()).toEqual([]);
  });

  test('has at most 200 series, whatever hosts, codes, channels and targets there are', async () => {
    const metrics = new FerryMetrics({ version: '1.2.3' });
    for (let number = 0; number < 500; number += 1) {
      metrics.transferred('read', `source-${number}.example.com`, 1);
      if (number < 5) metrics.transferred('sent', `target-${number}.example.com`, 1);
      metrics.continued(`target-${number % 5}.example.com`);
      metrics.attempted(`code-${number}`);
      metrics.notified(`channel-${number % 10}`, 'sent');
    }
    const pulls = Array.from({ length: 50 }, (_, number) => ({ source: `source-${number}`, remaining: 1 }));
    const targets = Array.from({ length: 10 }, (_, number) => ({ target: `target-${number}`, isUp: true }));

    const { text } = await metrics.page({ ...readings, standing: { ...standing, pulls, targets } });

    expect(Object.keys(seriesOf(text)).length).toBeLessThanOrEqual(200);
  });
});
