import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { run } from '../../src/cli/main.js';
import { catalogPage } from '../../src/consumers/catalog.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { mirrored } from '../consumers/mirror-stage.js';
import { imageRequest, pushed, syncImage } from '../database/store-fixture.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-catalog-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('MY_REGISTRY', 'private.example.com');
  said = writtenTo('stderr');
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  await database.close();
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function haveImages(images: readonly string[]): Promise<void> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const stores = createStores(database);
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
  for (const image of images) {
    await syncImage(stores, image, { targets: [pushed('private', image.split('/').at(-1) ?? '')] });
  }
  await database.close();
}

test('a catalog has a page and JSON with names, digests, platforms, dates and pull commands, and is replaced as a whole', async () => {
  await haveImages(['docker.io/library/nginx:1.27', 'docker.io/library/redis:7']);
  const out = join(folder, 'out');

  const first = await run(['node', 'ferry', 'catalog', out]);
  await haveImages(['ghcr.io/a/b:1']);
  const second = await run(['node', 'ferry', 'catalog', out]);

  const { images } = JSON.parse(readFileSync(join(out, 'catalog.json'), 'utf8')) as { images: readonly unknown[] };
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  expect(images).toHaveLength(3);
  expect(images[0]).toEqual({
    image: 'docker.io/library/nginx:1.27',
    copies: [
      {
        target: 'private',
        name: 'private.example.com/mirror/nginx:1.27',
        digest: `sha256:${'a'.repeat(64)}`,
        sourceDigest: `sha256:${'c'.repeat(64)}`,
        platforms: ['linux/amd64'],
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        verifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        state: 'current',
        pull: 'docker pull private.example.com/mirror/nginx:1.27',
      },
    ],
  });
  expect(page).toContain('<code>docker pull private.example.com/mirror/nginx:1.27</code>');
  expect(page.match(/<article>/g)).toHaveLength(3);
  expect([first, second]).toEqual([0, 0]);
  expect(readdirSync(out).toSorted()).toEqual(['catalog.json', 'index.html']);
});

test('without an image the page says so', async () => {
  const status = await run(['node', 'ferry', 'catalog', join(folder, 'out')]);

  expect(readFileSync(join(folder, 'out', 'index.html'), 'utf8')).toContain('No image is mirrored yet.');
  expect(status).toBe(0);
});

test('a file in the place of the folder is refused', async () => {
  writeFileSync(join(folder, 'file'), 'mine');

  const status = await run(['node', 'ferry', 'catalog', join(folder, 'file')]);

  expect(said.join('')).toContain('is not a folder');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine');
  expect(status).toBe(2);
});

test('a page of another program is not replaced', async () => {
  writeFileSync(join(folder, 'index.html'), '<h1>mine</h1>');

  const status = await run(['node', 'ferry', 'catalog', folder]);

  expect(said.join('')).toContain('is another page');
  expect(readFileSync(join(folder, 'index.html'), 'utf8')).toBe('<h1>mine</h1>');
  expect(status).toBe(2);
});

test('the page requests nothing, allows only its own style and script, and escapes every text', () => {
  const hostile = '<script>alert("1")</script>';
  const page = catalogPage({
    madeAt: 0,
    images: [mirrored('docker.io/library/nginx:1.27', { target: hostile, platforms: [`'${hostile}`] })],
    target: hostile,
  });

  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
  const hashes = [/<style>([^]*?)<\/style>/, /<script>([^]*?)<\/script>/].map((form) => {
    const text = form.exec(page)?.[1] ?? '';
    return `sha256-${createHash('sha256').update(text).digest('base64')}`;
  });
  expect(policy).toBe(
    `default-src 'none'; style-src '${hashes[0] ?? ''}'; script-src '${hashes[1] ?? ''}'; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toContain(hostile);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toMatch(/(?:src|href)=|https?:|@import|url\(/);
});
