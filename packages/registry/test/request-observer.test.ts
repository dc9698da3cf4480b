import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import type { ObservedAnswer, ObservedRequest } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';

type Observed = ObservedRequest & { answer?: ObservedAnswer };

test('each request that the registries see is observed once, with what may be shown of it alone', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository, { layers: [randomBytes(200_000)] });
  const observed: Observed[] = [];
  const observer = (request: ObservedRequest) => {
    const entry: Observed = { ...request };
    observed.push(entry);
    return (end: ObservedAnswer): void => {
      expect(entry.answer).toBeUndefined();
      entry.answer = end;
    };
  };

  const report = await copyImage(clientFor([source, target], { ...streaming, observer }), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  for (const registry of [source, target]) {
    const methods = observed.filter(({ host }) => host === registry.host).map(({ method }) => method);
    expect(methods.toSorted()).toEqual(registry.requests.map(({ method }) => method).toSorted());
  }
  expect(observed.filter(({ answer: end }) => end?.status === undefined)).toEqual([]);
  expect(new Set(observed.map(({ resource }) => resource))).toEqual(new Set(['manifest', 'blob', 'upload']));
  for (const entry of observed) {
    expect(Object.keys(entry).toSorted()).toEqual(['answer', 'host', 'method', 'resource', 'side']);
  }
  expect(JSON.stringify(observed)).not.toMatch(/\/v2\/|uploads\/|_state|sha256/);
});

test('a request whose connection breaks is observed with the code of the error, not with its message', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  source.when('GET', /manifests/, ({ request }) => void request.socket.destroy(), 1);
  const errors: (string | undefined)[] = [];
  const observer = () => (end: ObservedAnswer) => void errors.push(end.error);

  await copyImage(clientFor([source, target], { observer }), requestFor(source, [target]));

  expect(errors.filter((error) => error !== undefined)).toEqual(['ECONNRESET']);
});

test('a refusal is observed with its status', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  target.when('POST', /uploads/, ({ response }) => answer(response, 403));
  const statuses: (number | undefined)[] = [];
  const observer = () => (end: ObservedAnswer) => void statuses.push(end.status);

  const report = await copyImage(clientFor([source, target], { observer }), requestFor(source, [target]));

  expect(report.failures).toHaveLength(1);
  expect(statuses).toContain(403);
});
