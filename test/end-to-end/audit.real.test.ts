import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

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

let source: RegistryServer;
let aliyun: RegistryServer;
let own: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  // Hosted registries answer HEAD from a cache of descriptors, which outlives the blobs.
  const env = { REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'inmemory' };
  source = await startRegistry({ kind: 'distribution' });
  aliyun = await startRegistry({ kind: 'distribution', env });
  own = await startRegistry({ kind: 'distribution', env });
  stage = makeFerryStage({
    configuration: {
      hosts: { [source.host]: { scheme: 'http' } },
      mutableTags: { tags: ['latest'] },
      audit: { requestsPerSecond: 100 },
    },
    environment: { ALIYUN_REGISTRY: aliyun.url, ALIYUN_NAME_SPACE: 'team', MY_REGISTRY: own.url },
  });
});
afterEach(async () => {
  await stage.clear();
  await Promise.all([source.stop(), aliyun.stop(), own.stop()]);
});

test(
  'an audit finds every tag and blob that was deleted or changed on the targets, heals and reports it, and counts its requests',
  { timeout: 240_000 },
  async () => {
    const images = await publishAll(['steady', 'untagged', 'overwritten', 'hollow', 'orphan', 'nowhere']);
    await stage.up();
    await stage.ferry('add', ...[...images.keys()].map(imageAt));
    await stage.ask<SyncAllResult>('sync', '--wait');
    const foreign = await makeImage({ name: 'foreign', layers: [90] });

    // Behind the ferry's back, on both targets.
    await deleteTag(aliyun, 'team/untagged');
    await deleteTag(own, 'org/untagged');
    await pushImage(own, { image: foreign, repository: 'org/overwritten', tag: '1' });
    deleteBlob(aliyun, largestOf(images.get('hollow')));
    await deleteTag(aliyun, 'team/orphan');
    await deleteTag(source, 'org/orphan');
    for (const [registry, repository] of [
      [source, 'org/nowhere'],
      [aliyun, 'team/nowhere'],
      [own, 'org/nowhere'],
    ] as const) {
      await deleteManifest(registry, repository, images.get('nowhere')?.digest ?? '');
    }

    const audited = await stage.ask<Audited>('audit', '--deep', '--wait');
    const { answer: again, requests } = await requestsDuring(
      async () => await stage.ask<Audited>('audit', '--deep', '--wait'),
    );
    const shown = await stage.ferry('status');
    const lost = await stage.ask<ImageStatus>('status', imageAt('nowhere'));

    const found = new Map<string, readonly string[]>();
    for (const audit of [audited, again]) {
      for (const { image, target, kind, outcome } of audit.findings) {
        found.set(`${image.split('/').at(-1)} ${target}`, [kind, outcome]);
      }
    }
    expect(Object.fromEntries(found)).toEqual({
      'untagged:1 aliyun': ['lost', 'healed'],
      'untagged:1 private': ['lost', 'healed'],
      'overwritten:1 private': ['changed', 'healed'],
      'hollow:1 aliyun': ['incomplete', 'healed'],
      'orphan:1 aliyun': ['lost', 'healed'],
      'nowhere:1 aliyun': ['lost', 'blocked'],
      'nowhere:1 private': ['lost', 'blocked'],
    });
    expect(again.findings).toEqual([]);
    for (const name of ['untagged', 'overwritten', 'hollow', 'orphan']) {
      const digest = images.get(name)?.digest;
      expect([name, (await readManifest(aliyun, `team/${name}`, '1'))?.digest]).toEqual([name, digest]);
      expect([name, (await readManifest(own, `org/${name}`, '1'))?.digest]).toEqual([name, digest]);
    }
    expect(await firstByte(aliyun, 'team/hollow', largestOf(images.get('hollow')))).toBe(1);
    expect(lost.wanted).toMatchObject([{ state: 'blocked', code: 'copy-lost' }]);
    expect(lost.wanted[0]?.reason).toContain('neither the source nor another target gives');
    expect(shown.output).toContain('Last audit (in depth)');
    const kinds = (await stage.ask<ImageStatus>('status', imageAt('overwritten'))).events.map(({ kind }) => kind);
    expect(kinds).toContain('drift-changed');
    expect(kinds).toContain('healed');
    expect(requests).toEqual(again.summary.targets.map((target) => target.requests));
    // Five images were left: a HEAD for each tag, a GET for each manifest and a byte of each of its two blobs.
    expect(
      again.summary.targets.map(({ target, checked, deep, requests }) => ({ target, checked, deep, requests })),
    ).toEqual([
      { target: 'aliyun', checked: 5, deep: 5, requests: 5 * 4 },
      { target: 'private', checked: 5, deep: 5, requests: 5 * 4 },
    ]);
  },
);

test(
  'a target that does not answer is not checked, with the reason, and its copies stay as they are',
  { timeout: 180_000 },
  async () => {
    await publishAll(['steady']);
    await stage.up();
    await stage.ferry('add', imageAt('steady'));
    await stage.ask<SyncAllResult>('sync', '--wait');
    await own.stop();

    const audited = await stage.ask<Audited>('audit', '--wait');
    const { copies } = await stage.ask<ImageStatus>('status', imageAt('steady'));

    expect(audited.findings).toEqual([]);
    expect(audited.summary.notChecked).toMatchObject([{ target: 'private', code: 'unreachable', count: 1 }]);
    expect(audited.summary.targets).toMatchObject([
      { target: 'aliyun', checked: 1 },
      { target: 'private', checked: 0, notChecked: 1 },
    ]);
    expect(copies.map(({ state }) => state)).toEqual(['pushed', 'pushed']);
  },
);

test(
  'a rollback puts a tag back and holds it against runs, retries and audits until it is released',
  { timeout: 240_000 },
  async () => {
    const image = `${source.host}/org/app:latest`;
    const first = await publish('app', 'latest', 'first');
    await stage.up();
    await stage.ferry('add', image);
    await stage.ask<SyncAllResult>('sync', '--wait');
    const second = await publish('app', 'latest', 'second');
    await stage.ask<SyncAllResult>('sync', '--wait');

    const rolled = await stage.ferry('rollback', image, '--target', 'aliyun');
    const afterRollback = [await tagOf(aliyun, 'team/app'), await tagOf(own, 'org/app')];
    const third = await publish('app', 'latest', 'third');
    await stage.ask<SyncAllResult>('sync', '--wait');
    await stage.ferry('retry', image);
    await stage.ask<SyncAllResult>('sync', '--wait');
    await stage.ask<Audited>('audit', '--deep', '--wait');
    const held = [await tagOf(aliyun, 'team/app'), await tagOf(own, 'org/app')];
    const listed = await stage.ferry('list', 'held');
    const shown = await stage.ferry('status', image);
    const released = await stage.ferry('release', image);
    await stage.ask<SyncAllResult>('sync', '--wait');

    expect(rolled).toMatchObject({ status: 0, output: expect.stringContaining(first.digest) as string });
    expect(afterRollback).toEqual([first.digest, second.digest]);
    expect(held).toEqual([first.digest, third.digest]);
    expect(listed.output).toContain(first.digest);
    expect(shown.output).toContain(`Held on aliyun at ${first.digest}`);
    expect(released.status).toBe(0);
    expect([await tagOf(aliyun, 'team/app'), await tagOf(own, 'org/app')]).toEqual([third.digest, third.digest]);
  },
);

test(
  'a rollback whose blobs are gone on the target comes from the source by digest, and is refused where neither has them',
  { timeout: 240_000 },
  async () => {
    const image = `${source.host}/org/app:latest`;
    const first = await publish('app', 'latest', 'first');
    await stage.up();
    await stage.ferry('add', image);
    await stage.ask<SyncAllResult>('sync', '--wait');
    const second = await publish('app', 'latest', 'second');
    await stage.ask<SyncAllResult>('sync', '--wait');
    deleteBlob(aliyun, largestOf(first));

    const fromSource = await stage.ferry('rollback', image, '--target', 'aliyun');
    const byte = await firstByte(aliyun, 'team/app', largestOf(first));
    const isAt = await tagOf(aliyun, 'team/app');
    await stage.ferry('release', image);
    await stage.ask<SyncAllResult>('sync', '--wait');
    for (const registry of [source, aliyun, own]) deleteBlob(registry, largestOf(first));
    await deleteManifest(source, 'org/app', first.digest);
    const refused = await stage.ferry('rollback', image, '--target', 'aliyun', '--to', first.digest);

    expect(fromSource.status).toBe(0);
    expect([byte, isAt]).toEqual([1, first.digest]);
    expect(refused.status).toBe(1);
    expect(refused.errors).toContain('rollback-impossible');
    expect(refused.errors).toContain('nothing was changed');
    expect(await tagOf(aliyun, 'team/app')).toBe(second.digest);
  },
);

async function publishAll(names: readonly string[]): Promise<ReadonlyMap<string, MadeManifest>> {
  const images = new Map<string, MadeManifest>();
  for (const name of names) images.set(name, await publish(name, '1', name));
  return images;
}

async function publish(name: string, tag: string, content: string): Promise<MadeManifest> {
  const image = await makeImage({ name: content, layers: [200_000] });
  await pushImage(source, { image, repository: `org/${name}`, tag });
  return image;
}

function imageAt(name: string): string {
  return `${source.host}/org/${name}:1`;
}

function largestOf(image: MadeManifest | undefined): string {
  const [largest] = image === undefined ? [] : blobsOf(image).toSorted((a, b) => b.size - a.size);
  return largest?.digest ?? '';
}

async function tagOf(registry: RegistryServer, repository: string): Promise<string | undefined> {
  return (await readManifest(registry, repository, 'latest'))?.digest;
}

/** Distribution deletes a tag alone where it is named instead of a digest. */
async function deleteTag(registry: RegistryServer, repository: string): Promise<void> {
  await registryRequest(registry, { method: 'DELETE', path: `/v2/${repository}/manifests/1`, expected: [202] });
}

async function deleteManifest(registry: RegistryServer, repository: string, digest: string): Promise<void> {
  await registryRequest(registry, { method: 'DELETE', path: `/v2/${repository}/manifests/${digest}`, expected: [202] });
}

function deleteBlob({ storagePath }: RegistryServer, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  rmSync(join(storagePath, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data'), { force: true });
}

/** How many bytes come when the first one is requested. */
async function firstByte(registry: RegistryServer, repository: string, digest: string): Promise<number> {
  const response = await fetch(`${registry.url}/v2/${repository}/blobs/${digest}`, { headers: { range: 'bytes=0-0' } });
  return (await response.arrayBuffer()).byteLength;
}

async function requestsDuring<T>(work: () => Promise<T>) {
  const begun = await Promise.all([aliyun, own].map(async (registry) => (await registry.requests()).length));
  const answer = await work();
  const all = await Promise.all([aliyun, own].map(async (registry) => (await registry.requests()).length));
  return { answer, requests: all.map((count, position) => count - (begun[position] ?? 0)) };
}
