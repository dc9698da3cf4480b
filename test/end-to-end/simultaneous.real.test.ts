import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { syncAllWorkflowId } from '../../src/contract/workflow-names.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

let stage: TwoTargetStage;

beforeEach(async () => {
  stage = await startTwoTargetStage(4_000_000);
});
afterEach(async () => {
  await stage.clear();
});

test(
  'two syncs and five adds at the same instant: one SyncAll at a time, and every blob is read once',
  { timeout: 180_000 },
  async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) {
      const image = await makeImage({ name, layers: [700_000, 300_000] });
      await pushImage(stage.source, { image, repository: `org/${name}`, tag: '1' });
    }
    await stage.up();

    const outcomes = await Promise.all([
      stage.ferry('sync', '--wait'),
      stage.ferry('sync', '--wait'),
      ...names.map(async (name) => await stage.ferry('add', `${stage.proxy.host}/org/${name}:1`)),
    ]);
    const summary = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(outcomes.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });
    expect(stage.proxy.reads().map(({ requests }) => requests)).toEqual(Array(15).fill(1));
    const pushed = await stage.ask<{ name: string }[]>('list', 'pushed');
    expect(new Set(pushed.map(({ name }) => name)).size).toBe(10);
    expect(pushed).toHaveLength(10);
    await expect.poll(async () => (await syncAllRuns()).every(({ end }) => Number.isFinite(end))).toBe(true);
    const runs = await syncAllRuns();
    const overlapping = runs.filter(({ start }, position) => start < (runs[position - 1]?.end ?? 0));
    expect(overlapping).toEqual([]);
  },
);

test('an image added during a long pass starts within ten seconds', { timeout: 120_000 }, async () => {
  const long = await makeImage({ name: 'long', layers: [60_000_000] });
  const added = await makeImage({ name: 'added', layers: [100_000] });
  await pushImage(stage.source, { image: long, repository: 'org/long', tag: '1' });
  await pushImage(stage.source, { image: added, repository: 'org/added', tag: '1' });
  await stage.up();
  await stage.ferry('add', `${stage.proxy.host}/org/long:1`);
  await until(() => stage.proxy.reads().some(({ bytes }) => bytes > 1_000_000));

  await stage.ferry('add', `${stage.proxy.host}/org/added:1`);
  const asked = Date.now();
  const blobs = new Set(added.blobs.map(({ digest }) => digest as string));
  await until(() => stage.proxy.reads().some(({ digest }) => blobs.has(digest)));

  expect(Date.now() - asked).toBeLessThan(10_000);
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within a minute');
    await sleep(10);
  }
}

/** All runs of `SyncAll`, by start; Temporal lists the end of one a moment after it. */
async function syncAllRuns(): Promise<{ start: number; end: number }[]> {
  const runtime = JSON.parse(readFileSync(join(stage.folder, 'data', 'runtime.json'), 'utf8')) as {
    temporal: { address: string };
  };
  const connection = await Connection.connect({ address: runtime.temporal.address });
  try {
    const runs: { start: number; end: number }[] = [];
    const query = `WorkflowId = "${syncAllWorkflowId}"`;
    for await (const { startTime, closeTime } of new Client({ connection }).workflow.list({ query })) {
      runs.push({ start: startTime.getTime(), end: closeTime?.getTime() ?? Number.POSITIVE_INFINITY });
    }
    return runs.sort((a, b) => a.start - b.start);
  } finally {
    await connection.close();
  }
}
