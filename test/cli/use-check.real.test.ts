import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { NamingScheme } from '../../src/domain/target.js';
import { imageRequest, pushed, syncImage } from '../database/store-fixture.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let source: RegistryServer;
let target: RegistryServer;
let printed: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-check-'));
  source = await startRegistry({ kind: 'distribution' });
  target = await startRegistry({ kind: 'distribution' });
  writeFileSync(join(folder, 'ferry.yaml'), `hosts: { "${source.host}": { scheme: http } }\n`);
  vi.stubEnv('FERRY_CONFIG', join(folder, 'ferry.yaml'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('DOCKER_CONFIG', folder);
  vi.stubEnv('MY_REGISTRY', target.host);
  printed = writtenTo('stdout');
  writtenTo('stderr');

  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  const stores = createStores(database);
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  const configured = [
    {
      name: 'private',
      registry: target.host,
      namespace: '',
      naming: NamingScheme.private,
      manifestPolicy: 'keep',
      explicitNames: {},
    },
  ] as const;
  const mirror = async (
    name: string,
    { onTarget, laterAtSource }: { onTarget?: string; laterAtSource?: string } = {},
  ) => {
    const made = await makeImage({ name, layers: [1_000] });
    const image = `${source.host}/team/${name}:1`;
    await pushImage(source, {
      image: laterAtSource === undefined ? made : await makeImage({ name: laterAtSource, layers: [1_000] }),
      repository: `team/${name}`,
      tag: '1',
    });
    if (onTarget !== 'nothing') {
      const there = onTarget === undefined ? made : await makeImage({ name: onTarget, layers: [1_000] });
      await pushImage(target, { image: there, repository: `team/${name}`, tag: '1' });
    }
    await stores.wanted.addWanted([imageRequest(image)]);
    const outcome = { ...pushed('private', ''), reference: `${target.host}/team/${name}:1`, digest: made.digest };
    await syncImage(stores, image, { targets: [outcome], sourceDigest: made.digest }, { configured });
  };
  await mirror('same');
  await mirror('lost', { onTarget: 'nothing' });
  await mirror('moved', { laterAtSource: 'moved-later' });
  await mirror('changed', { onTarget: 'changed-by-others' });
  await database.close();
}, 120_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await source.stop();
  await target.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function check(
  text: string,
  ...options: readonly string[]
): Promise<{ readonly status: number; readonly verdicts: Readonly<Record<string, string>> }> {
  const path = join(folder, 'images.txt');
  writeFileSync(path, text);
  printed.splice(0);
  const status = await run(['node', 'ferry', 'use', '--check', path, '--json', ...options]);
  const { images } = JSON.parse(printed.join('')) as { images: { image: string; verdict: string }[] };
  return {
    status,
    verdicts: Object.fromEntries(images.map(({ image, verdict }) => [image.replace(/^.*\//, ''), verdict])),
  };
}

test('a check tells images that are the same from those that are missing, older than the source or different', async () => {
  const names = ['same', 'lost', 'moved', 'changed', 'never'];

  const { status, verdicts } = await check(names.map((name) => `${source.host}/team/${name}:1\n`).join(''));

  expect(verdicts).toEqual({
    'same:1': 'ok',
    'lost:1': 'missing',
    'moved:1': 'older',
    'changed:1': 'different',
    'never:1': 'missing',
  });
  expect(status).toBe(1);
});

test('names on the target are checked against their sources, and unknown ones are different', async () => {
  const good = await check(`${target.host}/team/same:1\n`);
  const bad = await check(`${target.host}/team/same:1\n${target.host}/team/moved:1\n${target.host}/team/other:1\n`);

  expect(good).toEqual({ status: 0, verdicts: { 'same:1': 'ok' } });
  expect(bad).toEqual({ status: 1, verdicts: { 'same:1': 'ok', 'moved:1': 'older', 'other:1': 'different' } });
});

test('with --recorded the source is not asked, and a copy that the ferry did not make is still found', async () => {
  const { verdicts } = await check(`${source.host}/team/moved:1\n${source.host}/team/changed:1\n`, '--recorded');

  expect(verdicts).toEqual({ 'moved:1': 'ok', 'changed:1': 'different' });
});

test('a source that does not answer is unreachable, and never ok', async () => {
  await source.stop();

  const { status, verdicts } = await check(`${source.host}/team/same:1\n`);

  expect(verdicts).toEqual({ 'same:1': 'unreachable' });
  expect(status).toBe(1);
});
