import { expect, test } from 'vitest';

import { platformsOfImage } from '../../src/domain/upstream-platforms.js';
import { xinferenceUpstream } from '../support/built-in-upstreams.js';

const standard = ['linux/amd64'];

test.each([
  ['docker.io/xprobe/xinference:v3.2.1', ['linux/amd64']],
  ['docker.io/xprobe/xinference:v3.2.1-cpu', ['linux/amd64']],
  ['docker.io/xprobe/xinference:v3.2.1-aarch64', ['linux/arm64']],
])('the image %s of Xinference is wanted for %j', (image, platforms) => {
  expect(platformsOfImage(xinferenceUpstream, image, standard)).toEqual(platforms);
});

test.each([
  ['docker.io/library/nginx:1.27', 'nginx:*', true],
  ['docker.io/library/nginx:1.27', 'nginx', true],
  ['docker.io/library/nginx:1.27', 'docker.io/library/nginx', true],
  ['docker.io/library/nginx:1.27', 'library/*', false],
  ['docker.io/xprobe/xinference:v1', 'xprobe/*', true],
  ['quay.io/a/b:v1', 'quay.io/a/*', true],
  ['quay.io/a/b:v1', 'a/b', false],
])('whether the image %s matches the pattern %s: %s', (image, pattern, fits) => {
  const upstream = { platforms: ['linux/s390x'], imagePlatforms: [{ pattern, platforms: ['all'] }] };

  expect(platformsOfImage(upstream, image, standard)).toEqual(fits ? ['all'] : ['linux/s390x']);
});

test('the first matching pattern determines the platforms', () => {
  const imagePlatforms = [
    { pattern: '*-cpu', platforms: ['linux/arm64'] },
    { pattern: '*', platforms: ['all'] },
  ];

  expect(platformsOfImage({ imagePlatforms }, 'quay.io/a/b:1-cpu', standard)).toEqual(['linux/arm64']);
});
