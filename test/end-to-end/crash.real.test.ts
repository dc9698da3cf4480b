import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { FerryUpProcess } from '../../demo/ferry-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { skopeoInspectRaw } from '../../demo/skopeo.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

const kills = 10;
const layerBytes = 3_000_000;
const layersOfAnImage = 4;

let stage: TwoTargetStage;

beforeEach(async () => {
  stage = await startTwoTargetStage(10_000_000);
});
afterEach(async () => {
  await stage.clear();
});

test(
  'a worker killed at ten random moments of copying loses nothing and sends no finished blob again',
  { timeout: 300_000 },
  async () => {
    const images: MadeManifest[] = [];
    for (let n = 0; n < kills; n += 1) {
      const image = await makeImage({
        name: `crash-${n}`,
        layers: Array(layersOfAnImage).fill(layerBytes) as number[],
      });
      await pushImage(stage.source, { image, repository: `org/crash-${n}`, tag: '1' });
      images.push(image);
    }
    const up = await stage.up();

    for (const n of images.keys()) {
      await stage.ferry('add', `${stage.proxy.host}/org/crash-${n}:1`);
      await untilBytesRead(bytesRead() + Math.random() * layerBytes * layersOfAnImage * 0.8);
      await killWorker(up);
    }
    const summary = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });
    for (const [n, image] of images.entries()) {
      for (const [registry, repository] of [
        [stage.aliyun, `team/crash-${n}`],
        [stage.own, `org/crash-${n}`],
      ] as const) {
        const bytes = await skopeoInspectRaw({ registry, repository, reference: '1' });
        expect(bytes.equals(image.bytes), `${registry.kind} ${repository}`).toBe(true);
      }
    }
    expect(rowCounts()).toEqual({ wanted: kills, keys: kills, pushed: 2 * kills, names: 2 * kills });
    for (const registry of [stage.aliyun, stage.own]) expect(await committedTwice(registry)).toEqual([]);
  },
);

function bytesRead(): number {
  return stage.proxy.reads().reduce((sum, { bytes }) => sum + bytes, 0);
}

async function untilBytesRead(bytes: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (bytesRead() < bytes) {
    if (Date.now() > deadline) throw new Error(`the proxy read ${bytesRead()} bytes in a minute, not ${bytes}`);
    await sleep(5);
  }
}

/** The worker that runs now; right after a kill there may be none yet. */
async function killWorker(up: FerryUpProcess): Promise<void> {
  for (;;) {
    try {
      process.kill(up.workerPid(), 'SIGKILL');
      return;
    } catch {
      await sleep(20);
    }
  }
}

function rowCounts(): Record<string, number> {
  const database = new Database(join(stage.folder, 'data', 'ferry.db'), { readonly: true });
  const count = (query: string): number => (database.prepare(query).get([]) as { count: number }).count;
  try {
    return {
      wanted: count('select count(*) as count from images_for_push'),
      keys: count('select count(distinct image_key) as count from images_for_push'),
      pushed: count('select count(*) as count from pushed_images'),
      names: count('select count(distinct registry_image_name) as count from pushed_images'),
    };
  } finally {
    database.close();
  }
}

/** Blobs that one repository took more than once. */
async function committedTwice(registry: RegistryServer): Promise<string[]> {
  const commits = (await registry.requests()).flatMap(({ method, path, status }) => {
    const match = /^\/v2\/(.+)\/blobs\/uploads\/.*digest=sha256(?:%3A|:)([0-9a-f]{64})/.exec(path);
    return method === 'PUT' && status === 201 && match !== null ? [`${match[1]}@${match[2]}`] : [];
  });
  return commits.filter((commit, position) => commits.indexOf(commit) !== position);
}
