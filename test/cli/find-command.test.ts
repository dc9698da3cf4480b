import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-find-'));
  vi.stubEnv('FERRY_DATA_DIR', join(folder, 'data'));
  said = writtenTo('stderr');
  printed = writtenTo('stdout');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function find(...words: readonly string[]): Promise<number> {
  return await run(['node', 'ferry', 'find', ...words]);
}

const compose = `services:
  api:
    image: langgenius/dify-api:\${TAG}
    environment: {JOB_IMAGE: "ghcr.io/org/job:1"}
  redis:
    image: redis:6-alpine
`;

test('ferry find prints each image with the place that names it, and likely ones apart', async () => {
  const path = file('compose.yaml', compose);

  const status = await find(path, '--env-file', file('tags.env', 'TAG=1.10.0\n'));

  const text = printed.join('');
  expect(text).toMatch(/^docker\.io\/langgenius\/dify-api:1\.10\.0 +\S+compose\.yaml:3 +service api +compose$/m);
  expect(text).toMatch(/^docker\.io\/library\/redis:6-alpine +\S+compose\.yaml:6 +service redis +compose$/m);
  expect(text).toMatch(/^Likely; --likely checks them/m);
  expect(text).toMatch(/^ghcr\.io\/org\/job:1 +\S+compose\.yaml:4 +service api environment\.JOB_IMAGE +environment$/m);
  expect(text).toContain('2 images, 1 likely\n');
  expect(said).toEqual([]);
  expect(status).toBe(0);
});

test('ferry find --json prints everything that was found', async () => {
  const path = file('compose.yaml', compose);

  const status = await find(path, '--json');

  const { images, unread } = JSON.parse(printed.join('')) as Record<string, unknown>;
  expect(images).toEqual([
    {
      image: 'docker.io/library/redis:6-alpine',
      certainty: 'certain',
      evidence: [{ source: path, line: 6, path: 'service redis', rule: 'compose', text: 'redis:6-alpine' }],
    },
    {
      image: 'ghcr.io/org/job:1',
      certainty: 'likely',
      evidence: [
        {
          source: path,
          line: 4,
          path: 'service api environment.JOB_IMAGE',
          rule: 'environment',
          text: 'ghcr.io/org/job:1',
        },
      ],
    },
  ]);
  expect(unread).toEqual([{ source: `${path}:3 service api`, reason: expect.stringContaining('needs TAG') }]);
  expect(status).toBe(1);
});

test('an image that is not known is named, and the others are found with status 1', async () => {
  const status = await find(file('compose.yaml', compose));

  expect(said.join('')).toMatch(/^not read: \S+compose\.yaml:3 service api: .* needs TAG/m);
  expect(printed.join('')).toContain('1 image, 1 likely, 1 could not be read\n');
  expect(status).toBe(1);
});

test('ferry find --add records certain images with the place that names each as the reason', async () => {
  const path = file('compose.yaml', compose);

  // The image whose variable has no value is not recorded.
  const status = await find(path, '--add', '--no-sync', '--platform', 'linux/arm64');

  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'data', 'ferry.db') });
  const { items } = await createStores(database).status.listWanted('wanted', { limit: 10 });
  await database.close();
  expect(items).toMatchObject([
    {
      image: 'docker.io/library/redis:6-alpine',
      platform: 'linux/arm64',
      requestedBy: { by: 'cli', id: `find ${path}:6`, service: 'service redis' },
    },
  ]);
  expect(items).toHaveLength(1);
  expect(printed.join('')).toMatch(/^docker\.io\/library\/redis:6-alpine +linux\/arm64 +added$/m);
  expect(said.join('')).toContain('needs TAG');
  expect(status).toBe(1);

  expect(await find(path, '--add', '--no-sync', '--env-file', file('tags.env', 'TAG=1.10.0\n'))).toBe(0);
});

test('an input without an image ends with status 1, and other inputs are still printed', async () => {
  const status = await find(file('a.yaml', 'a: 1\n'), file('images.txt', 'nginx:1.27\n'));

  expect(said.join('')).toMatch(/^not read: \S+a\.yaml: no image is named in it$/m);
  expect(printed.join('')).toContain('1 image, 1 could not be read');
  expect(status).toBe(1);
});

test('ferry find without any image says so with status 1, also as JSON', async () => {
  expect(await find(join(folder, 'absent.yaml'))).toBe(1);
  expect(said.join('')).toContain('No image was found.');

  printed.splice(0);
  expect(await find(join(folder, 'absent.yaml'), '--json')).toBe(1);
  expect(JSON.parse(printed.join(''))).toMatchObject({ images: [], unread: [{ reason: expect.any(String) }] });
});

test('an image of a registry that is not allowed is refused with status 1', async () => {
  const status = await find(file('images.txt', 'registry.unknown.example.org/app:1\nnginx:1\n'), '--add', '--no-sync');

  expect(printed.join('')).toMatch(/registry\.unknown\.example\.org\/app:1 +refused +.+/);
  expect(printed.join('')).toMatch(/docker\.io\/library\/nginx:1 +\S+ +added/);
  expect(status).toBe(1);
});

test.each([
  [[], 'nothing to read'],
  [['x.yaml', '--namespace', 'shop'], '--namespace is for --cluster'],
  [['x.yaml', '--add', '--plan'], 'use --plan to see what would be copied, then --add'],
  [['x.yaml', '--plan', '--json'], '--plan prints tables'],
  [['-', '-'], 'standard input can be read once'],
  [['x.yaml', '--env-file', '/nowhere/x.env'], 'cannot read --env-file /nowhere/x.env: there is no such file'],
])('ferry find %j is refused with status 2', async (words, reason) => {
  const status = await find(...words);

  expect(said.join('')).toContain(reason);
  expect(status).toBe(2);
});
