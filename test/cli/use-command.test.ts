import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';

import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { NamingScheme } from '../../src/domain/target.js';
import { imageRequest, pushed, syncImage } from '../database/store-fixture.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];
let printed: string[];

const registry = 'registry.cn-hangzhou.aliyuncs.com';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-use-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('ALIYUN_REGISTRY', registry);
  vi.stubEnv('ALIYUN_NAME_SPACE', 'mirror');
  said = writtenTo('stderr');
  printed = writtenTo('stdout');
  await haveOnTarget(['docker.io/langgenius/dify-api:1.10.0', 'docker.io/library/redis:6-alpine']);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function haveOnTarget(images: readonly string[]): Promise<void> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  try {
    await migrate(database);
    const stores = createStores(database);
    await stores.runs.begin({ id: 'run-1', reasons: [] });
    await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
    const target = {
      name: 'aliyun',
      registry,
      namespace: 'mirror',
      naming: NamingScheme.aliyun,
      manifestPolicy: 'keep',
      explicitNames: {},
    } as const;
    for (const image of images) {
      const reference = `${registry}/mirror/${image.split('/').at(-1) ?? ''}`;
      await syncImage(stores, image, { targets: [{ ...pushed('aliyun', ''), reference }] }, { configured: [target] });
    }
  } finally {
    await database.close();
  }
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function use(...words: readonly string[]): Promise<number> {
  return await run(['node', 'ferry', 'use', ...words]);
}

const compose =
  'services:\r\n  api:\r\n    image: langgenius/dify-api:${TAG} # api\r\n  redis: {image: "redis:6-alpine"}\r\n';

test('a compose file gets an override file with the names on the target, with variables of its .env', async () => {
  file('project/.env', 'TAG=1.10.0\n');
  const path = file('project/compose.yaml', compose);

  const status = await use('compose', path);

  expect(parse(printed.join(''))).toEqual({
    services: {
      api: { image: `${registry}/mirror/dify-api:1.10.0` },
      redis: { image: `${registry}/mirror/redis:6-alpine` },
    },
  });
  expect(status).toBe(0);
});

test('--rewrite changes the file itself and nothing else in it, and a second time nothing at all', async () => {
  vi.stubEnv('TAG', '1.10.0');
  const path = file('compose.yaml', compose);

  const status = await use('compose', path, '--rewrite', '--endpoint', 'vpc');
  const once = readFileSync(path, 'utf8');
  const again = await use('compose', path, '--rewrite', '--endpoint', 'vpc');

  const inside = 'registry-vpc.cn-hangzhou.aliyuncs.com/mirror';
  expect(once).toBe(
    compose
      .replace('langgenius/dify-api:${TAG}', `${inside}/dify-api:1.10.0`)
      .replace('redis:6-alpine', `${inside}/redis:6-alpine`),
  );
  expect(readFileSync(path, 'utf8')).toBe(once);
  expect([status, again]).toEqual([0, 0]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('what is not on the target is named with the command that adds it, and nothing is written without --partial', async () => {
  const path = file('compose.yaml', 'services: {web: {image: nginx:1.27}, redis: {image: "redis:6-alpine"}}\n');
  const output = join(folder, 'out', 'override.yaml');

  const refused = await use('compose', path, '-o', output);
  const messages = said.join('');
  const written = readdirSync(folder);
  const partial = await use('compose', path, '-o', output, '--partial');

  expect(refused).toBe(1);
  expect(messages).toContain('missing: docker.io/library/nginx:1.27');
  expect(messages).toContain('ferry add docker.io/library/nginx:1.27');
  expect(written).not.toContain('out');
  expect(partial).toBe(1);
  expect(parse(readFileSync(output, 'utf8'))).toEqual({
    services: { redis: { image: `${registry}/mirror/redis:6-alpine` } },
  });
});

test('--digest pins every name', async () => {
  const path = file('pod.yaml', 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: redis:6-alpine}]}\n');

  const status = await use('k8s', path, '--digest');

  expect(printed.join('')).toContain(`{name: a, image: ${registry}/mirror/redis:6-alpine@sha256:${'a'.repeat(64)}}`);
  expect(status).toBe(0);
});

test('ferry use dify prints the stored compose file of a release with the names of the target, and the image of Xinference', async () => {
  const text = '# Dify\nservices:\n  api: { image: "langgenius/dify-api:1.10.0" }\n';
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const { releases } = createStores(database);
  const images = [{ service: 'api', image: 'docker.io/langgenius/dify-api:1.10.0' }];
  await releases.save('dify', [{ release: '1.10.0', compose: { path: 'compose.yaml', text }, images }]);
  await releases.save('xinference', [
    { release: 'v1', images: [{ service: 'x', image: 'docker.io/library/redis:6-alpine' }] },
  ]);
  await database.close();

  const statuses = [await use('dify'), await use('dify', '1.10.0'), await use('xinference', 'latest')];
  const unknown = await use('dify', '1.0.0');

  const rewritten = text.replace('langgenius', `${registry}/mirror`);
  expect(printed.slice(0, 2)).toEqual([rewritten, rewritten]);
  expect(parse(printed[2] ?? '')).toEqual({ services: { x: { image: `${registry}/mirror/redis:6-alpine` } } });
  expect(statuses).toEqual([0, 0, 0]);
  expect([unknown, said.join('')]).toEqual([2, expect.stringContaining('dify 1.0.0 is not stored: stored are 1.10.0')]);
});

test.each(['mutating-policy', 'kyverno', 'registries.conf', 'k3s', 'idms'])(
  'ferry use %s prints everything on the target, or the images of a file',
  async (format) => {
    const path = file('list.txt', 'redis:6-alpine\n');

    const all = await use(format);
    const whole = printed.splice(0).join('');
    const some = await use(format, path);
    const part = printed.join('');

    expect([all, some]).toEqual([0, 0]);
    expect(whole).toContain('langgenius');
    expect(whole).toContain('mirror/redis');
    expect(part).not.toContain('langgenius');
    expect(part).toContain('mirror/redis');
  },
);

test('ferry use hosts.toml and docker say why they cannot map the names of the target, and what to do', async () => {
  const statuses = [await use('hosts.toml'), await use('docker')];

  expect(statuses).toEqual([1, 1]);
  expect(printed).toEqual([]);
  expect(said.join('')).toContain('targets: { aliyun: { naming: nested } }');
  expect(said.join('')).toContain('Docker asks a mirror by the same names');
});

test('--json has the files, what is missing, and what the format cannot express', async () => {
  const path = file('compose.yaml', 'services: {web: {image: nginx:1.27}}\n');

  const status = await use('compose', path, '--json');

  expect(JSON.parse(printed.join(''))).toMatchObject({
    target: 'aliyun',
    complete: false,
    files: [],
    missing: [{ image: 'docker.io/library/nginx:1.27', reason: 'not on the target' }],
  });
  expect(status).toBe(1);
});

test.each([
  [['compose'], 'takes one file, 0 are given'],
  [['compose', 'no-such-file.yaml'], 'no-such-file.yaml cannot be read'],
  [['k8s', 'no-such-file.yaml'], 'no-such-file.yaml cannot be read'],
  [['everything'], 'unknown format "everything"'],
  [[], 'name a format'],
  [['k8s', '-', '--rewrite'], 'standard input has none'],
  [['k3s', '--target', 'alyun'], 'did you mean aliyun?'],
  [['k3s', '--digest'], '--digest does not fit k3s'],
  [['k3s', '--endpoint', 'moon'], 'expected one of public, vpc, internal'],
  [['--check'], 'takes files, and none is given'],
])('ferry use %j is refused with what to do', async (words, reason) => {
  const status = await use(...words);

  expect(said.join('')).toContain(reason);
  expect(status).toBe(2);
});

test('--rewrite follows a symbolic link to the file, and the link stays', async () => {
  vi.stubEnv('TAG', '1.10.0');
  const path = file('real/compose.yaml', compose);
  const link = join(folder, 'compose.yaml');
  symlinkSync(path, link);

  const status = await use('compose', link, '--rewrite');

  expect(status).toBe(0);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain(`${registry}/mirror/dify-api:1.10.0`);
  expect(readdirSync(join(folder, 'real'))).toEqual(['compose.yaml']);
});

test('an output that is a pipe is written to, and is not replaced by a file', async () => {
  const path = file('compose.yaml', 'services: {redis: {image: "redis:6-alpine"}}\n');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = readFile(pipe, 'utf8');

  const status = await use('compose', path, '-o', pipe);

  expect(await reader).toContain(`${registry}/mirror/redis:6-alpine`);
  expect(status).toBe(0);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});

test('an image that needs an unset variable, or is in a file that is missing, makes the output and a check incomplete', async () => {
  const known = 'redis: {image: "redis:6-alpine"}';
  const unset = file('unset.yaml', `services: {${known}, web: {image: "nginx:\${NO_SUCH_TAG}"}}\n`);
  const lacking = file('lacking.yaml', `include: [missing.yaml]\nservices: {${known}}\n`);
  const nothing = file('nothing.yaml', 'services: {web: {image: "nginx:${NO_SUCH_TAG}"}}\n');

  const outputs = [await use('compose', unset, '--json'), await use('compose', lacking, '--json')];
  const complete = printed.map((text) => (JSON.parse(text) as { complete: boolean }).complete);
  printed.splice(0);
  const check = await use('--check', nothing, '--json');

  expect(outputs).toEqual([1, 1]);
  expect(complete).toEqual([false, false]);
  expect(check).toBe(1);
  expect(JSON.parse(printed.join(''))).toMatchObject({
    ok: false,
    images: [],
    unread: [expect.stringContaining('NO_SUCH_TAG') as string],
  });
});

test('a device that never ends is refused as too large', async () => {
  expect(await run(['node', 'ferry', 'use', '--check', '/dev/zero'])).toBe(2);
  expect(said.join('')).toContain('/dev/zero is too large: the maximum is 33554432 bytes');
});
