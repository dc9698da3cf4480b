import { afterEach, beforeEach, expect, test } from 'vitest';

import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { makeImage, pushImage } from '../support/test-images.js';

let registry: RegistryServer;
let stage: FerryStage;

beforeEach(async () => {
  registry = await startRegistry({ kind: 'distribution' });
  stage = makeFerryStage({
    configuration: {
      hosts: { [registry.host]: { scheme: 'http' } },
      targets: { lab: { registry: 'lab.invalid', engine: 'docker' } },
    },
    environment: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  });
});

afterEach(async () => {
  await stage.clear();
  await registry.stop();
});

test(
  'a worker without a Docker daemon blocks no other work, and commands report what is missing',
  { timeout: 120_000 },
  async () => {
    await pushImage(registry, {
      image: await makeImage({ name: 'app', layers: [10] }),
      repository: 'org/app',
      tag: '1',
    });
    await stage.up();
    await stage.ferry('add', `${registry.host}/org/app:1`, '--no-sync');

    const sync = await stage.ferry('sync');
    const status = await stage.ask<{ readonly unserved: readonly string[] }>('status');
    const blocked = await stage.ask<readonly unknown[]>('list', 'blocked');

    expect(sync.errors).toContain('no worker is polling task queue ferry-docker');
    expect(sync.errors).not.toContain('task queue ferry-copy');
    expect(status.unserved).toEqual(['ferry-docker']);
    expect(blocked).toEqual([]);
  },
);

test('ferry up --until-idle is refused, with what to do, when the Docker daemon is missing', async () => {
  const { status, errors } = await stage.ferry('up', '--until-idle');

  expect(status).toBe(2);
  expect(errors).toMatch(/the sync run would be incomplete: this machine cannot copy to lab: .*docker/);
});
