import { join } from 'node:path';

import Database from 'libsql';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import type { ImageStatus } from '../../src/database/status-views.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';

let source: RegistryServer;
let aliyun: RegistryServer;
let own: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  source = await startRegistry({ kind: 'distribution' });
  aliyun = await startRegistry({ kind: 'docker-registry' });
  own = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: {
      hosts: { [source.host]: { scheme: 'http' } },
      mutableTags: { tags: ['latest'], backupTag: '{tag}-{yyyymmddhhmmss}' },
    },
    environment: { ALIYUN_REGISTRY: aliyun.url, ALIYUN_NAME_SPACE: 'team', MY_REGISTRY: own.url },
  });
});
afterEach(async () => {
  await stage.clear();
  await Promise.all([source.stop(), aliyun.stop(), own.stop()]);
});

test(
  'the next run copies a tag that moved at its source, keeps and reports its old digest, and costs other tags one HEAD',
  { timeout: 180_000 },
  async () => {
    const before = await publish('app', 'latest', 'before');
    await publish('steady', 'latest', 'steady');
    await publish('fixed', '1', 'fixed');
    await stage.up();
    await stage.ferry('add', ...['app:latest', 'steady:latest', 'fixed:1'].map((name) => `${source.host}/org/${name}`));
    await stage.ask<SyncAllResult>('sync', '--wait');

    const unchanged = await costOf(async () => await stage.ask<SyncAllResult>('sync', '--wait'));
    const after = await publish('app', 'latest', 'after');
    await publish('fixed', '1', 'moved too');
    const moved = await costOf(async () => await stage.ask<SyncAllResult>('sync', '--wait'));
    const { copies } = await stage.ask<ImageStatus>('status', `${source.host}/org/app:latest`);
    const shown = await stage.ferry('status', `${source.host}/org/app:latest`);

    expect(unchanged.answer).toMatchObject({ images: 0, retrying: 0, waiting: 0 });
    expect(unchanged.source).toEqual(['HEAD /v2/org/app/manifests/latest', 'HEAD /v2/org/steady/manifests/latest']);
    expect(unchanged.targets).toEqual([]);
    expect(moved.answer).toMatchObject({ pushed: 1, retrying: 0, waiting: 0, blocked: 0 });
    expect(copies.map(({ digest, replaced }) => [digest, replaced])).toEqual([
      [after, before],
      [after, before],
    ]);
    expect(unchanged.answer).not.toHaveProperty('replaced');
    expect(moved.answer.replaced).toMatchObject({ count: 2, first: [{ before, digest: after }, { before }] });
    for (const [registry, repository] of [
      [aliyun, 'team/app'],
      [own, 'org/app'],
    ] as const) {
      const { backup = '' } = copies.find(({ reference }) => reference?.startsWith(registry.host)) ?? {};
      const [name, backupTag = ''] = [backup.slice(0, backup.lastIndexOf(':')), backup.split(':').at(-1)];
      expect(name).toBe(`${registry.host}/${repository}`);
      expect(shown.output).toContain(`  replaced: ${before}, backed up as ${backup}\n`);
      expect(backupTag).toMatch(/^latest-20\d{12}$/);
      expect((await readManifest(registry, repository, 'latest'))?.digest).toBe(after);
      expect((await readManifest(registry, repository, backupTag))?.digest).toBe(before);
    }
    expect(historyOf(`${source.host}/org/app:latest`)).toEqual([
      { digest: before, replaced: null },
      { digest: after, replaced: before },
    ]);
  },
);

async function publish(name: string, tag: string, content: string): Promise<string> {
  const image = await makeImage({ name: content, layers: [200_000] });
  await pushImage(source, { image, repository: `org/${name}`, tag });
  return image.digest;
}

/** What was asked of the registries meanwhile. */
async function costOf<T>(work: () => Promise<T>) {
  const registries = [source, aliyun, own];
  const begun = await Promise.all(registries.map(async (registry) => (await registry.requests()).length));
  const answer = await work();
  const [ofSource = [], ...ofTargets] = await Promise.all(
    registries.map(async (registry, position) =>
      (await registry.requests()).slice(begun[position]).map(({ method, path }) => `${method} ${path}`),
    ),
  );
  return { answer, source: ofSource.sort(), targets: ofTargets.flat() };
}

/** By the runs in which the image was copied to one of the targets. */
function historyOf(image: string): unknown[] {
  const database = new Database(join(stage.folder, 'data', 'ferry.db'));
  try {
    return database
      .prepare("select digest, replaced from run_outcomes where image = ? and target = 'aliyun' order by recorded_at")
      .all([image]);
  } finally {
    database.close();
  }
}
