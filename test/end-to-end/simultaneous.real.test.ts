import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { Throttle } from '../../demo/throttle.js';
import { startThrottle } from '../../demo/throttle.js';
import type { SyncAllResult } from '../../src/contract/sync.js';
import { SYNC_ALL_WORKFLOW_ID } from '../../src/contract/workflow-names.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { makeFerryStage } from '../support/ferry-stage.js';

let source: RegistryServer;
let road: Throttle;
let aliyun: RegistryServer;
let own: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  source = await startRegistry({ kind: 'distribution' });
  road = await startThrottle({ upstream: source.url, bytesPerSecond: 4_000_000 });
  aliyun = await startRegistry({ kind: 'distribution' });
  own = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: { hosts: { [road.host]: { scheme: 'http' } } },
    environment: { ALIYUN_REGISTRY: aliyun.url, ALIYUN_NAME_SPACE: 'team', MY_REGISTRY: own.url },
  });
});
afterEach(async () => {
  await stage.clear();
  await Promise.all([road.stop(), source.stop(), aliyun.stop(), own.stop()]);
});

test(
  'two syncs and five adds at the same instant: one SyncAll at a time, and every blob is read once',
  { timeout: 180_000 },
  async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) {
      const image = await makeImage({ name, layers: [700_000, 300_000] });
      await pushImage(source, { image, repository: `org/${name}`, tag: '1' });
    }
    await stage.up();

    const outcomes = await Promise.all([
      stage.ferry('sync', '--wait'),
      stage.ferry('sync', '--wait'),
      ...names.map(async (name) => await stage.ferry('add', `${road.host}/org/${name}:1`)),
    ]);
    const summary = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(outcomes.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(summary).toMatchObject({ failed: 0, parked: 0, waiting: 0 });
    expect(road.reads().map(({ requests }) => requests)).toEqual(Array(15).fill(1));
    const pushed = await stage.ask<{ name: string }[]>('list', 'pushed');
    expect(new Set(pushed.map(({ name }) => name)).size).toBe(10);
    expect(pushed).toHaveLength(10);
    const runs = await syncAllRuns();
    const overlapping = runs.filter(({ start }, position) => start < (runs[position - 1]?.end ?? 0));
    expect(overlapping).toEqual([]);
  },
);

test('an image added during a long pass starts within ten seconds', { timeout: 120_000 }, async () => {
  const long = await makeImage({ name: 'long', layers: [60_000_000] });
  const added = await makeImage({ name: 'added', layers: [100_000] });
  await pushImage(source, { image: long, repository: 'org/long', tag: '1' });
  await pushImage(source, { image: added, repository: 'org/added', tag: '1' });
  await stage.up();
  await stage.ferry('add', `${road.host}/org/long:1`);
  await until(() => road.reads().some(({ bytes }) => bytes > 1_000_000));

  await stage.ferry('add', `${road.host}/org/added:1`);
  const asked = Date.now();
  const blobs = new Set(added.blobs.map(({ digest }) => digest as string));
  await until(() => road.reads().some(({ digest }) => blobs.has(digest)));

  expect(Date.now() - asked).toBeLessThan(10_000);
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within a minute');
    await sleep(10);
  }
}

/** All runs of `SyncAll`, by start. */
async function syncAllRuns(): Promise<{ start: number; end: number }[]> {
  const runtime = JSON.parse(readFileSync(join(stage.folder, 'data', 'runtime.json'), 'utf8')) as {
    temporal: { address: string };
  };
  const connection = await Connection.connect({ address: runtime.temporal.address });
  try {
    const runs: { start: number; end: number }[] = [];
    const query = `WorkflowId = "${SYNC_ALL_WORKFLOW_ID}"`;
    for await (const { startTime, closeTime } of new Client({ connection }).workflow.list({ query })) {
      runs.push({ start: startTime.getTime(), end: closeTime?.getTime() ?? Number.POSITIVE_INFINITY });
    }
    return runs.sort((a, b) => a.start - b.start);
  } finally {
    await connection.close();
  }
}
