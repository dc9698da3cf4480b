import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import { writtenTo } from '../support/written-to.js';

let source: RegistryServer;
let target: RegistryServer;
let folder: string;
let printed: string[];

beforeAll(async () => {
  [source, target] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  for (const name of ['app', 'job']) {
    const image = await makeImage({ name, layers: [200_000] });
    await pushImage(source, { image, repository: `org/${name}`, tag: '1' });
  }
});

afterAll(async () => await Promise.all([source.stop(), target.stop()]));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-find-'));
  writeFileSync(join(folder, 'ferry.yaml'), `hosts: {"${source.host}": {scheme: http}}\n`);
  vi.stubEnv('FERRY_CONFIG', join(folder, 'ferry.yaml'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('MY_REGISTRY', target.url);
  writtenTo('stderr');
  printed = writtenTo('stdout');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function find(...words: readonly string[]): Promise<number> {
  const path = join(folder, 'compose.yaml');
  const { host } = source;
  writeFileSync(
    path,
    `services:
  app:
    image: ${host}/org/app:1
    environment:
      JOB_IMAGE: ${host}/org/job:1
      OLD_IMAGE: ${host}/org/job:absent
`,
  );
  return await run(['node', 'ferry', 'find', path, ...words]);
}

test('--likely adds the likely images that a HEAD request finds, and no others', async () => {
  const before = (await source.requests()).length;

  const status = await find('--likely', '--add', '--no-sync');

  const text = printed.join('');
  expect(text).toMatch(/org\/job:1 +exists /);
  expect(text).toMatch(/org\/job:absent +does not exist /);
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const { items } = await createStores(database).status.listWanted('wanted', { limit: 10 });
  await database.close();
  expect(items.map(({ image }) => image).toSorted()).toEqual([`${source.host}/org/app:1`, `${source.host}/org/job:1`]);
  const own = (await source.requests()).slice(before);
  expect(own.filter(({ path }) => path.endsWith('/manifests/1')).map(({ method }) => method)).toEqual(['HEAD']);
  expect(status).toBe(0);
});

test('a likely image whose registry does not answer is not added, with status 1', async () => {
  const other = await startRegistry({ kind: 'distribution' });
  await other.stop();
  const path = join(folder, 'images.yaml');
  writeFileSync(
    path,
    `services:\n  a:\n    image: ${source.host}/org/app:1\n    environment: {B_IMAGE: "${other.host}/org/b:1"}\n`,
  );

  const status = await run(['node', 'ferry', 'find', path, '--likely', '--add', '--no-sync']);

  expect(printed.join('')).toMatch(/org\/b:1 +unknown: /);
  expect(printed.join('')).not.toMatch(/org\/b:1 +linux\/amd64/);
  expect(status).toBe(1);
}, 60_000);

test('--plan shows what a sync run would copy of the found images, and changes nothing', async () => {
  expect(await run(['node', 'ferry', 'migrate'])).toBe(0);
  printed.splice(0);

  const status = await find('--plan');

  expect(printed.join('')).toMatch(new RegExp(`org/app:1 +${target.host}/org/app:1 +copy `));
  expect(printed.join('')).toContain('1 image: 1 to copy');
  expect(status).toBe(0);
});
