import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { FerryUpProcess } from '../../demo/ferry-process.js';
import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { blobsOf, makeImage } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { registryRequest } from '../../demo/registry-request.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import type { AuditReport, FollowedFinding } from '../../src/database/audits/audit-views.js';
import type { ImageStatus } from '../../src/database/status-views.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';

type Audited = AuditReport & { readonly findings: readonly FollowedFinding[] };

/** Two pages of copies on two targets. */
const images = 104;

let source: RegistryServer;
let aliyun: RegistryServer;
let own: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  source = await startRegistry({ kind: 'distribution' });
  aliyun = await startRegistry({ kind: 'distribution' });
  own = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: {
      hosts: { [source.host]: { scheme: 'http' } },
      mutableTags: { tags: ['latest'] },
      // An audit in depth has four requests for each copy: it takes at least five seconds.
      audit: { requestsPerSecond: 80 },
    },
    environment: { ALIYUN_REGISTRY: aliyun.url, ALIYUN_NAME_SPACE: 'team', MY_REGISTRY: own.url },
  });
});
afterEach(async () => {
  await stage.clear();
  await Promise.all([source.stop(), aliyun.stop(), own.stop()]);
});

test(
  'an audit whose worker is killed again and again finds what is lost and changed, each once, and heals it',
  { timeout: 300_000 },
  async () => {
    const made = new Map<string, MadeManifest>();
    for (let n = 0; n < images; n += 1) made.set(`app-${n}`, await publish(`app-${n}`, '1', `app-${n}`));
    const up = await stage.up();
    await stage.ferry('add', ...[...made.keys()].map((name) => `${source.host}/org/${name}:1`));
    await stage.ask<SyncAllResult>('sync', '--wait');
    const foreign = await publish('foreign', '1', 'foreign');
    for (const name of ['app-3', 'app-50', 'app-99']) await deleteTag(aliyun, `team/${name}`);
    for (const name of ['app-7', 'app-77'])
      await pushImage(own, { image: foreign, repository: `org/${name}`, tag: '1' });
    for (const name of ['app-11', 'app-101']) deleteBlob(aliyun, largestOf(made.get(name)));

    let isOver = false;
    const auditing = stage.ask<Audited>('audit', '--deep', '--wait').finally(() => (isOver = true));
    let kills = 0;
    while (!isOver && kills < 6) {
      await sleep(700 + Math.random() * 1_500);
      if (!isOver && killWorker(up)) kills += 1;
    }
    const audited = await auditing;
    const again = await stage.ask<Audited>('audit', '--deep', '--wait');

    expect(kills).toBeGreaterThan(2);
    expect(audited.failure).toBeUndefined();
    const found = audited.findings.map(({ image, target, kind }) => `${image.split('/').at(-1)} ${target} ${kind}`);
    expect(found.toSorted()).toEqual(
      [
        'app-3:1 aliyun lost',
        'app-50:1 aliyun lost',
        'app-99:1 aliyun lost',
        'app-7:1 private changed',
        'app-77:1 private changed',
        'app-11:1 aliyun incomplete',
        'app-101:1 aliyun incomplete',
      ].toSorted(),
    );
    expect(
      audited.summary.targets.map(({ target, lost, changed, incomplete }) => [target, lost, changed, incomplete]),
    ).toEqual([
      ['aliyun', 3, 0, 2],
      ['private', 0, 2, 0],
    ]);
    expect(again.findings).toEqual([]);
    expect(again.summary.targets.map(({ checked, deep }) => [checked, deep])).toEqual([
      [images, images],
      [images, images],
    ]);
    for (const [name, { digest }] of made) {
      expect([name, (await readManifest(aliyun, `team/${name}`, '1'))?.digest]).toEqual([name, digest]);
      expect([name, (await readManifest(own, `org/${name}`, '1'))?.digest]).toEqual([name, digest]);
    }
  },
);

test(
  'a rollback whose worker or machine is killed is made as a whole: the tag is moved and held, or neither',
  { timeout: 300_000 },
  async () => {
    const image = `${source.host}/org/app:latest`;
    const first = await publish('app', 'latest', 'first');
    let up = await stage.up();
    await stage.ferry('add', image);
    await stage.ask<SyncAllResult>('sync', '--wait');
    const second = await publish('app', 'latest', 'second');
    await stage.ask<SyncAllResult>('sync', '--wait');
    const rollback = ['rollback', image, '--target', 'aliyun', '--to', first.digest] as const;

    const statuses: (number | null)[] = [];

    // When the tag has moved, and nothing says so yet; and at any other moment.
    for (const killAt of ['tag', 'tag', 'any', 'any', 'machine'] as const) {
      const puts = await tagPuts();
      let isOver = false;
      const rolling = stage.ferry(...rollback).finally(() => (isOver = true));
      if (killAt === 'any') await sleep(Math.random() * 2_500);
      else while (!isOver && (await tagPuts()) === puts) await sleep(2);
      if (killAt === 'machine') {
        await up.kill();
        await rolling;
        up = await stage.up();
        await until(async () => (await heldDigest(image)) !== undefined);
      } else {
        killWorker(up);
        statuses.push((await rolling).status);
      }
      expect([killAt, await tagOf(), await heldDigest(image)]).toEqual([killAt, first.digest, first.digest]);

      const released = stage.ferry('release', image);
      if (killAt === 'any') {
        await sleep(Math.random() * 1_500);
        killWorker(up);
      }
      expect(await released).toMatchObject({ status: 0 });
      await stage.ask<SyncAllResult>('sync', '--wait');
      expect([killAt, await tagOf(), await heldDigest(image)]).toEqual([killAt, second.digest, undefined]);
    }
    expect(statuses).toEqual([0, 0, 0, 0]);
    const { copies } = await stage.ask<ImageStatus>('status', image);
    expect(copies.map(({ state }) => state)).toEqual(['pushed', 'pushed']);
  },
);

/** @returns false right after a kill, while there is none */
function killWorker(up: FerryUpProcess): boolean {
  try {
    return process.kill(up.workerPid(), 'SIGKILL');
  } catch {
    return false;
  }
}

async function publish(name: string, tag: string, content: string): Promise<MadeManifest> {
  const image = await makeImage({ name: content, layers: [20_000] });
  await pushImage(source, { image, repository: `org/${name}`, tag });
  return image;
}

function largestOf(image: MadeManifest | undefined): string {
  const [largest] = image === undefined ? [] : blobsOf(image).toSorted((a, b) => b.size - a.size);
  return largest?.digest ?? '';
}

async function tagOf(): Promise<string | undefined> {
  return (await readManifest(aliyun, 'team/app', 'latest'))?.digest;
}

async function tagPuts(): Promise<number> {
  const requests = await aliyun.requests();
  return requests.filter(({ method, path }) => method === 'PUT' && path === '/v2/team/app/manifests/latest').length;
}

async function heldDigest(image: string): Promise<string | undefined> {
  const { copies } = await stage.ask<ImageStatus>('status', image);
  return copies.find(({ target }) => target === 'aliyun')?.held?.digest;
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isReached())) {
    if (performance.now() > deadline) throw new Error('not reached within a minute');
    await sleep(200);
  }
}

/** Distribution deletes a tag alone where it is named instead of a digest. */
async function deleteTag(registry: RegistryServer, repository: string): Promise<void> {
  await registryRequest(registry, { method: 'DELETE', path: `/v2/${repository}/manifests/1`, expected: [202] });
}

function deleteBlob({ storagePath }: RegistryServer, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  rmSync(join(storagePath, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'), { force: true });
}
