import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { runFerry } from '../../demo/ferry-process.js';
import type { CommandResult } from '../../demo/ferry-process.js';
import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { npm, npmSettings } from '../support/npm.js';
import { projectRoot, requireTool } from '../support/tools.js';

let folder: string;
let source: RegistryServer;
let targets: readonly RegistryServer[];
let environment: Record<string, string>;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ferry-package-')));
  for (const name of ['home', 'programs', 'installed']) mkdirSync(join(folder, name));
  source = await startRegistry({ kind: 'distribution' });
  targets = [await startRegistry({ kind: 'docker-registry' }), await startRegistry({ kind: 'distribution' })];
  install();
}, 300_000);

afterAll(async () => {
  await Promise.all([source, ...targets].map(async (registry) => await registry.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Packs this clone, and installs the package as a user does: in an empty folder, with an empty HOME. */
function install(): void {
  npm(['pack', '--pack-destination', folder, '--loglevel=error'], { cwd: projectRoot });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', join(folder, tarball)], {
    cwd: join(folder, 'installed'),
    env: { ...npmSettings(projectRoot), HOME: join(folder, 'home') },
  });
  // No program of this machine but Node.
  symlinkSync(process.execPath, join(folder, 'programs', 'node'));
  const [aliyun, own] = targets;
  environment = {
    HOME: join(folder, 'home'),
    PATH: join(folder, 'programs'),
    FERRY_CONFIG: join(folder, 'ferry.yaml'),
    ALIYUN_REGISTRY: aliyun?.url ?? '',
    ALIYUN_NAME_SPACE: 'team',
    MY_REGISTRY: own?.url ?? '',
  };
  const schedules = { 'fetch-dify': 'off', 'fetch-xinference': 'off' };
  writeFileSync(
    join(folder, 'ferry.yaml'),
    JSON.stringify({ hosts: { [source.host]: { scheme: 'http' } }, schedules }),
  );
}

async function ferry(...args: string[]): Promise<CommandResult> {
  return await runFerry(args, environment, join(folder, 'installed', 'node_modules', '.bin', 'ferry'));
}

function faultsIn(findings: string): readonly string[] {
  const list = JSON.parse(findings) as readonly { part: string; ok: boolean }[];
  return list.filter(({ ok }) => !ok).map(({ part }) => part);
}

test(
  'a package that was installed without a clone sets itself up and copies an image to two registries',
  { timeout: 180_000 },
  async () => {
    const image = await makeImage({ name: 'app', layers: [40_000, 20_000] });
    await pushImage(source, { image, repository: 'org/app', tag: '1' });

    const version = await ferry('--version');
    const upWithoutTemporal = await ferry('up', '--until-idle');
    const doctorWithoutTemporal = await ferry('doctor', '--json');
    symlinkSync(requireTool('temporal'), join(folder, 'programs', 'temporal'));
    const setup = await ferry('setup');
    const migrated = await ferry('migrate');
    const added = await ferry('add', '--no-sync', `${source.host}/org/app:1`);
    const up = await ferry('up', '--until-idle');
    const doctor = await ferry('doctor', '--json');

    expect(version).toMatchObject({ status: 0, output: `${packageVersion()}\n` });
    expect(upWithoutTemporal.errors).toContain('the Temporal CLI is missing: run "ferry setup"');
    expect(faultsIn(doctorWithoutTemporal.output)).toContain('temporal cli');
    expect(setup).toEqual({ status: 0, output: `Temporal CLI: ${join(folder, 'programs', 'temporal')}\n`, errors: '' });
    expect(migrated).toMatchObject({ status: 0 });
    expect(added).toMatchObject({ status: 0, errors: '' });
    expect(up).toMatchObject({ status: 0 });
    expect(`${up.output}${up.errors}`).toContain('1 image in 1 run: 1 pushed, 0 waiting, 0 retrying, 0 blocked');
    // Nothing runs between two calls.
    expect(faultsIn(doctor.output)).toEqual(['temporal', 'workers']);
    for (const [place, repository] of [
      [targets[0], 'team/app'],
      [targets[1], 'org/app'],
    ] as const) {
      if (place === undefined) throw new Error('there are two targets');
      expect((await readManifest(place, repository, '1'))?.digest).toBe(image.digest);
    }
  },
);

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}
