import { expect, test } from 'vitest';

import { readDeploymentConfig, readUpConfig } from '../../src/config/read-config.js';

function read(variables: Record<string, string>) {
  return readDeploymentConfig({ FERRY_DATA_DIR: '/tmp/ferry', ...variables }).deployment;
}

test('workers are versioned only if a deployment is named, with a build ID of the build unless one is given', () => {
  expect(read({})).toBeUndefined();
  expect(read({ FERRY_BUILD_ID: '1.4.0' })).toBeUndefined();
  expect(read({ FERRY_DEPLOYMENT: 'image-ferry' })).toEqual({ name: 'image-ferry', isControlled: false });
  expect(read({ FERRY_DEPLOYMENT: 'image-ferry', FERRY_BUILD_ID: '1.4.0+3f9a' })).toMatchObject({
    buildId: '1.4.0+3f9a',
  });
});

test("a worker that Temporal's Worker Controller started takes its version, and leaves the current one to the controller", () => {
  const controlled = { TEMPORAL_DEPLOYMENT_NAME: 'team', TEMPORAL_WORKER_BUILD_ID: 'b7' };

  expect(read(controlled)).toEqual({ name: 'team', buildId: 'b7', isControlled: true });
  expect(read({ ...controlled, FERRY_DEPLOYMENT: 'own' })).toEqual({ name: 'own', isControlled: false });
});

test.each([
  [{ FERRY_DEPLOYMENT: 'a.b' }, 'FERRY_DEPLOYMENT is "a.b": expected up to 100 letters'],
  [{ FERRY_DEPLOYMENT: 'a', FERRY_BUILD_ID: 'one two' }, 'FERRY_BUILD_ID is "one two": expected up to 100 letters'],
  [{ TEMPORAL_DEPLOYMENT_NAME: 'a:b' }, 'TEMPORAL_DEPLOYMENT_NAME is "a:b"'],
])('%j is refused with what is expected', (variables, message) => {
  expect(() => read(variables)).toThrow(message);
});

test('ferry up refuses a deployment, since an update would leave work behind that is pinned to its only worker', () => {
  const variables = { FERRY_DATA_DIR: '/tmp/ferry', MY_REGISTRY: '127.0.0.1:5000', FERRY_DEPLOYMENT: 'image-ferry' };

  expect(() => readUpConfig(variables)).toThrow(/FERRY_DEPLOYMENT is set, but "ferry up" runs a single worker/);
});
