import { expect, test } from 'vitest';

import { createCopyEngine } from '../../../src/composition/copy-engine.js';
import { checkCopy } from '../../../src/planning/audit/check-copy.js';
import type { CopyCheck } from '../../../src/planning/audit/check-copy.js';
import { HostPace } from '../../../src/planning/audit/host-pace.js';
import { placeImage } from '../../support/scripted-images.js';
import { answer } from '../../support/scripted-registry.js';
import type { ScriptedRegistry } from '../../support/scripted-registry.js';
import { clientFor, startScripted } from '../../support/scripted-set-up.js';

const page = Buffer.from('<h1>login</h1>');

async function check(registry: ScriptedRegistry, digest: string, repository = 'team/app'): Promise<CopyCheck> {
  const engine = createCopyEngine(clientFor([registry]));
  return await checkCopy(
    { engine, pulls: { acquire: () => Promise.resolve(undefined) }, pace: new HostPace(1_000) },
    {
      image: 'docker.io/team/app:v1',
      target: 'private',
      reference: `${registry.host}/${repository}:v1`,
      digest,
      isPending: false,
    },
    { isDeep: false, signal: AbortSignal.timeout(9_000), onRequest: () => {} },
  );
}

test('a copy is right while its tag points to its digest, and lost when the registry says that it has no such tag', async () => {
  const registry = await startScripted();
  const { digest } = placeImage(registry, 'team/app');

  expect(await check(registry, digest)).toEqual({ kind: 'right', isDeep: false });
  expect(await check(registry, digest, 'team/other')).toMatchObject({ kind: 'drift', drift: { kind: 'lost' } });
});

test('no copy is lost when a proxy without its registry answers 404 to everything', async () => {
  const registry = await startScripted();
  const { digest } = placeImage(registry, 'team/app');
  for (const method of ['GET', 'HEAD']) {
    registry.when(method, /^\/v2\//, ({ response }) =>
      answer(response, 404, { 'content-type': 'text/plain' }, Buffer.from('404 page not found')),
    );
  }

  expect(await check(registry, digest)).toMatchObject({ kind: 'unknown' });
});

test.each([
  [401, {}],
  [403, {}],
  [429, {}],
  [500, {}],
  [302, { location: '/login' }],
  [200, { 'content-type': 'text/html' }],
] as const)('no copy is lost or changed when its registry answers %i', async (status, headers) => {
  const registry = await startScripted();
  const { digest } = placeImage(registry, 'team/app');
  registry.when('GET', /login/, ({ response }) => answer(response, 200, { 'content-type': 'text/html' }, page));
  registry.when('HEAD', /login/, ({ response }) => answer(response, 200, { 'content-type': 'text/html' }));
  for (const method of ['GET', 'HEAD']) {
    registry.when(method, /manifests/, ({ response }) => answer(response, status, headers, page));
  }

  expect(await check(registry, digest)).toMatchObject({ kind: 'unknown' });
});
