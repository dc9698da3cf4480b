import { afterEach, beforeEach, expect, test } from 'vitest';

import { createReleaseFiles } from '../../../src/composition/console/release-files.js';
import { StatusDatabase } from '../../../src/composition/status-database.js';
import { builtInUpstreams } from '../../../src/domain/built-in-upstreams.js';
import { imageRequest, pushed, syncImage, targets } from '../../database/store-fixture.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const image = 'docker.io/langgenius/dify-api:1.10.0';
const text = 'services:\n  api:\n    image: langgenius/dify-api:${TAG:-1.10.0} # the API\n';
let stage: ConsoleStage;
let reading: StatusDatabase | undefined;

beforeEach(async () => {
  const releases: ReturnType<typeof createReleaseFiles> = {
    targetsOf: async (...asked) => await filesOf(stage).targetsOf(...asked),
    compose: async (...asked) => await filesOf(stage).compose(...asked),
  };
  stage = await startConsoleStage({ console: { upstreams: builtInUpstreams, releases } });
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  await stores.wanted.addWanted([imageRequest(image)]);
  await syncImage(stores, image, { targets: [pushed('aliyun', 'dify-api:1.10.0')] });
  const compose = { path: 'docker/docker-compose.yaml', text };
  await stores.releases.save('dify', [{ release: '1.10.0', compose, images: [{ service: 'api', image }] }]);
  await stores.states.save('dify', { release: '1.10.0', fingerprint: 'f' });
});

afterEach(async () => {
  await reading?.close();
  reading = undefined;
  await stage.clear();
});

function filesOf({ database }: ConsoleStage): ReturnType<typeof createReleaseFiles> {
  reading ??= new StatusDatabase({ kind: 'sqlite', path: database.place });
  return createReleaseFiles(reading, targets);
}

const path = '/api/v1/upstreams/dify/releases';

test.each(['1.10.0', 'latest'])('the compose file of Dify %s is served with the names of a target', async (release) => {
  const response = await stage.call(`${path}/${release}/compose?target=aliyun`);

  expect(response.status).toBe(200);
  expect(await response.text()).toBe(
    text.replace('langgenius/dify-api:${TAG:-1.10.0}', 'aliyun.example.com/mirror/dify-api:1.10.0'),
  );
  expect(response.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  expect(response.headers.get('content-disposition')).toContain('dify-1.10.0.yaml');
});

test('a release that is not stored, an unknown target and an unknown upstream are not found, with what there is', async () => {
  const details = await Promise.all(
    [`${path}/1.0.0/compose?target=aliyun`, `${path}/latest/compose`, '/api/v1/upstreams/other/releases/1/compose'].map(
      async (address) => {
        const response = await stage.call(address);
        return [response.status, ((await response.json()) as { detail: string }).detail];
      },
    ),
  );

  expect(details).toEqual([
    [404, 'dify 1.0.0 is not stored; stored: 1.10.0'],
    [404, 'several targets are configured: add ?target= with one of aliyun, private'],
    [404, expect.stringContaining('unknown upstream; configured: dify, xinference')],
  ]);
});

test('a release whose images are not all on the target is not served, and the images are named', async () => {
  const response = await stage.call(`${path}/latest/compose?target=private`);

  expect(response.status).toBe(409);
  expect(((await response.json()) as { detail: string }).detail).toBe(
    `dify latest: on target private: ${image} is not on the target`,
  );
});

test('the list of upstreams says for which targets the file of the last release is available', async () => {
  const response = await stage.call('/api/v1/upstreams');

  const { items } = (await response.json()) as { items: { name: string; files: string[] }[] };
  expect(items.map(({ name, files }) => [name, files])).toEqual([
    ['dify', ['aliyun', 'private']],
    ['xinference', []],
  ]);
});
