import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'libsql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { skopeoInspectRaw } from '../../demo/skopeo.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import type { ImageStatus, WantedEntry } from '../../src/database/status-views.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { requireTool } from '../support/tools.js';

const password = 'right-and-secret';

let source: RegistryServer;
let good: RegistryServer;
let guarded: RegistryServer;
let full: RegistryServer;
let stage: FerryStage;
let smallDisk: string | undefined;

beforeEach(async () => {
  source = await startRegistry({ kind: 'distribution' });
  good = await startRegistry({ kind: 'docker-registry' });
  guarded = await startRegistry({ kind: 'distribution', htpasswd: { user: 'ferry', password } });
  stage = makeFerryStage({
    environment: {
      ALIYUN_REGISTRY: good.url,
      ALIYUN_NAME_SPACE: 'team',
      MY_REGISTRY: guarded.url,
      MY_REGISTRY_USER: 'ferry',
      MY_REGISTRY_PASSWORD: 'wrong-and-secret',
      FERRY_MISSING_TAG_WAIT: '0',
    },
    configuration: {
      hosts: { [source.host]: { scheme: 'http' } },
      targets: { away: { registry: `http://127.0.0.1:${await freePort()}`, naming: 'nested' } },
    },
  });
  full = await startRegistryOnSmallDisk();
  const configPath = join(stage.folder, 'ferry.yaml');
  const configuration = JSON.parse(readFileSync(configPath, 'utf8')) as { targets: object };
  writeFileSync(
    configPath,
    JSON.stringify({ ...configuration, targets: { ...configuration.targets, full: { registry: full.url } } }),
  );
});
afterEach(async () => {
  await Promise.all([source.stop(), good.stop(), guarded.stop(), full.stop()]);
  if (smallDisk !== undefined) execFileSync('umount', [smallDisk]);
  await stage.clear();
});

test('every fault has a reason of its own, and everything else is copied', { timeout: 240_000 }, async () => {
  const fine = await makeImage({ name: 'fine', layers: [3_000_000, 1_000_000] });
  const corrupt = await makeImage({ name: 'corrupt', layers: [500_000] });
  await pushImage(source, { image: fine, repository: 'org/fine', tag: '1' });
  await pushImage(source, { image: corrupt, repository: 'org/corrupt', tag: '1' });
  flipBit(source.storagePath, corrupt.blobs[1]?.digest ?? '');
  await stage.ferry('migrate');
  insertRow(source.host, 'org', 'fine:1');
  insertRow(source.host, 'org', 'corrupt:1');
  insertRow(source.host, 'org', 'fine:2');
  insertRow(source.host, 'absent', 'nothing:1');
  insertRow(source.host, 'org', 'Broken:Name:1');

  const summary = await stage.ask<SyncAllResult>('up', '--until-idle');
  const status = await stage.ask<ImageStatus>('status', `${source.host}/org/fine:1`);
  const corrupted = await stage.ask<ImageStatus>('status', `${source.host}/org/corrupt:1`);
  const blocked = await stage.ask<WantedEntry[]>('list', 'blocked');
  const said = await stage.ferry('status', `${source.host}/org/fine:1`);

  const reasons = new Map(status.copies.map(({ target, state, code, reason }) => [target, { state, code, reason }]));
  expect(reasons.get('aliyun')).toMatchObject({ state: 'pushed' });
  expect(reasons.get('private')).toMatchObject({ state: 'blocked', code: 'unauthorized' });
  expect(reasons.get('away')).toMatchObject({ state: 'retrying', code: 'unreachable' });
  expect(reasons.get('full')).toMatchObject({ code: 'target-full' });
  const onTarget = await skopeoInspectRaw({ registry: good, repository: 'team/fine', reference: '1' });
  expect(onTarget.equals(fine.bytes)).toBe(true);

  // Blocked on the targets that could be asked; as long as one of them is only away, the row itself stays pending.
  expect(corrupted.copies.find(({ target }) => target === 'aliyun')).toMatchObject({
    state: 'blocked',
    code: 'source-corrupt',
  });
  const codes = new Map(blocked.map(({ image, code }) => [image, code]));
  expect(codes.get(`${source.host}/org/fine:2`)).toBe('tag-missing');
  expect(codes.get(`${source.host}/absent/nothing:1`)).toBe('repository-missing');
  expect([...codes.values()]).toContain('invalid-reference');
  expect(summary).toMatchObject({ pushed: 0 });
  for (const text of [JSON.stringify([status, corrupted, blocked, summary]), said.output, said.errors, ...logs()]) {
    expect(text).not.toContain('wrong-and-secret');
  }
});

function insertRow(host: string, namespace: string, name: string): void {
  const database = new Database(join(stage.folder, 'data', 'ferry.db'));
  try {
    database
      .prepare(
        'insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status) values (?, ?, ?, ?, 0)',
      )
      .run([host, namespace, name, 'linux/amd64']);
  } finally {
    database.close();
  }
}

/** A real full disk of 2 MB where this process may make one; elsewhere a registry that may write no larger file. */
async function startRegistryOnSmallDisk(): Promise<RegistryServer> {
  if (process.getuid?.() === 0) {
    smallDisk = join(stage.folder, 'small-disk');
    mkdirSync(smallDisk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', smallDisk]);
    return await startRegistry({ kind: 'docker-registry', storage: smallDisk });
  }
  const program = join(stage.folder, 'registry-with-small-files');
  writeFileSync(program, `#!/bin/sh\nulimit -f 4000\nexec "${requireTool('docker-registry')}" "$@"\n`, { mode: 0o755 });
  vi.stubEnv('FERRY_DOCKER_REGISTRY', program);
  try {
    return await startRegistry({ kind: 'docker-registry' });
  } finally {
    vi.unstubAllEnvs();
  }
}

/** The source's disk went bad: the length is right, one bit is not. */
function flipBit(storage: string, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  const path = join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  const bytes = readFileSync(path);
  const middle = Math.floor(statSync(path).size / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function logs(): string[] {
  const folder = join(stage.folder, 'data', 'logs');
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
}
