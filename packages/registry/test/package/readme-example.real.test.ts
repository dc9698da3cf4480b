import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../../../demo/image-exchange.js';
import { makeImage } from '../../../../demo/make-images.js';
import { startRegistry } from '../../../../demo/registry-server.js';
import type { RegistryServer } from '../../../../demo/registry-server.js';
import { npm, npmSettings } from '../../../../test/support/npm.js';
import { projectRoot } from '../../../../test/support/tools.js';

const packageFolder = join(projectRoot, 'packages', 'registry');
let folder: string;
let source: RegistryServer;
let mirrors: readonly RegistryServer[];

/** Packs the package, and installs the tarball into an empty folder outside of the repository. */
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'registry-package-')));
  for (const name of ['home', 'installed']) mkdirSync(join(folder, name));
  source = await startRegistry({ kind: 'distribution' });
  mirrors = [await startRegistry({ kind: 'distribution' }), await startRegistry({ kind: 'distribution' })];
  npm(['pack', '--pack-destination', folder, '--loglevel=error'], { cwd: packageFolder });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', join(folder, tarball)], {
    cwd: join(folder, 'installed'),
    env: { ...npmSettings(projectRoot), HOME: join(folder, 'home') },
  });
}, 300_000);

afterAll(async () => {
  await Promise.all([source, ...mirrors].map(async (registry) => await registry.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** @returns its standard output, by lines */
async function run(name: string, code: string): Promise<readonly string[]> {
  const path = join(folder, 'installed', name);
  writeFileSync(path, code);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], {
    cwd: join(folder, 'installed'),
    env: { HOME: join(folder, 'home') },
  });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

test('the example of the registry package’s README runs with the packed package outside of the repository', async () => {
  const image = await makeImage({ name: 'app', layers: [40_000, 20_000] });
  await pushImage(source, { image, repository: 'team/app', tag: '1.2' });
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const [, example = ''] = /```js\n([^]*?)```/.exec(readme) ?? [];
  const [a = '', b = ''] = mirrors.map(({ host }) => host);
  const code = example
    .replaceAll('source.example.com', source.host)
    .replaceAll('mirror-a.example.com', a)
    .replaceAll('mirror-b.example.com', b);

  const lines = await run('example.mjs', code);

  expect(lines.slice(0, 2)).toEqual(['tags: 1.2', `linux/amd64: ${image.digest}`]);
  expect(lines).toEqual(
    expect.arrayContaining([a, b].flatMap((host) => [`${host}: done`, `${host}/mirror/app:1.2 is ${image.digest}`])),
  );
  expect(lines.filter((line) => / uploaded, \d+ bytes$/.test(line))).toHaveLength(6);
  expect(lines.at(-1)).toMatch(/^\d+ bytes read from the source$/);
  for (const mirror of mirrors) expect((await readManifest(mirror, 'mirror/app', '1.2'))?.digest).toBe(image.digest);
});

test('the registry package can be imported by its entries alone', async () => {
  const { exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, unknown>>;
  };
  const entries = Object.keys(exports).filter((path) => !path.endsWith('.json'));
  const names = [...entries, './dist/index.js', './src/index.ts', './transport/exchange.js'].map((path) =>
    path.replace(/^\./, '@image-ferry/registry'),
  );
  // `pull-quota` has types alone: it exports no value.
  const code = `for (const name of ${JSON.stringify(names)})
    console.log(await import(name).then(() => true, (error) => error.code));`;

  const answers = await run('imports.mjs', code);

  expect(answers).toEqual([...entries.map(() => 'true'), ...Array(3).fill('ERR_PACKAGE_PATH_NOT_EXPORTED')]);
});
