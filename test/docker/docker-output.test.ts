import { expect, test } from 'vitest';

import {
  countLayers,
  pulledDigest,
  pushedDigest,
  pushedListDigest,
  readLayerLine,
} from '../../src/docker/docker-output.js';

const digest = `sha256:${'7'.repeat(64)}`;

const pull = [
  'v1: Pulling from team/app',
  '086315cbdcb7: Pulling fs layer',
  '086315cbdcb7: Verifying Checksum',
  '086315cbdcb7: Pull complete',
  `Digest: ${digest}`,
  'Status: Downloaded newer image for 127.0.0.1:5000/team/app:v1',
  '127.0.0.1:5000/team/app:v1',
];

const push = [
  'The push refers to repository [127.0.0.1:5000/mirror/app]',
  'c00e9ab5f545: Preparing',
  '33a3711dd477: Preparing',
  '157b5afb7b97: Preparing',
  'c00e9ab5f545: Pushed',
  '33a3711dd477: Layer already exists',
  '157b5afb7b97: Mounted from team/base',
  `v1: digest: ${digest} size: 734`,
];

test('the output of a pull contains the digest and each state of each layer', () => {
  expect(pulledDigest(pull)).toBe(digest);
  expect(pull.flatMap((line) => readLayerLine(line) ?? [])).toEqual([
    { layer: '086315cbdcb7', state: 'Pulling fs layer' },
    { layer: '086315cbdcb7', state: 'Verifying Checksum' },
    { layer: '086315cbdcb7', state: 'Pull complete' },
  ]);
});

test('the output of a push contains the digest and how each layer was transferred', () => {
  expect(pushedDigest(push)).toBe(digest);
  expect(countLayers(push)).toEqual({ pushedLayers: 1, mountedLayers: 1, presentLayers: 1 });
});

test('the output of a pushed manifest list is a digest alone', () => {
  expect(pushedListDigest([digest])).toBe(digest);
});

test("docker's output without a digest yields none", () => {
  expect(pulledDigest(['Digest: sha256:short'])).toBeUndefined();
  expect(pushedDigest(['v1: Pushed'])).toBeUndefined();
  expect(pushedListDigest([])).toBeUndefined();
});
