import { describe, expect, test } from 'vitest';

import { REQUEST_LIMITS, requestFault, splitRequest } from '../../src/domain/request-limits.js';
import { readRequestedImages } from '../../src/domain/requested-images.js';

describe('the shapes in which senders name images', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['one text', 'nginx:1.27', ['nginx:1.27']],
    ['image', { image: 'nginx:1.27' }, ['nginx:1.27']],
    ['images as a list', { images: ['nginx:1.27', 'redis:7'] }, ['nginx:1.27', 'redis:7']],
    [
      'images as one text',
      { images: 'nginx:1.27, redis:7\nghcr.io/org/app:1' },
      ['nginx:1.27', 'redis:7', 'ghcr.io/org/app:1'],
    ],
    ['images as JSON in a text', { images: '["nginx:1.27", "redis:7"]' }, ['nginx:1.27', 'redis:7']],
    ['a JSON list', ['nginx:1.27', { image: 'redis:7' }], ['nginx:1.27', 'redis:7']],
    ['JSON in a text', '{"image":"nginx:1.27"}', ['nginx:1.27']],
    [
      'parts',
      { registry: 'docker.io', namespace: 'library', name: 'nginx', tag: '1.27' },
      ['docker.io/library/nginx:1.27'],
    ],
    ['parts without registry', { namespace: 'bitnami', name: 'redis:7' }, ['bitnami/redis:7']],
    [
      'parts as the table has them',
      { registry: 'https://quay.io/', namespace: 'a', name: 'b/c:1' },
      ['quay.io/a/b/c:1'],
    ],
    ['a list of parts', { images: [{ registry: 'ghcr.io', name: 'org/app:1' }] }, ['ghcr.io/org/app:1']],
    ['null where nothing is meant', { registry: null, namespace: null, name: 'nginx' }, ['nginx']],
    [
      'a pasted command, which stays whole to be refused with what to type',
      'docker pull --platform linux/arm64 nginx:1.27\r\nsudo docker pull redis:7\ndocker  pull',
      ['docker pull --platform linux/arm64 nginx:1.27', 'sudo docker pull redis:7', 'docker', 'pull'],
    ],
    ['an IPv6 host, which is no JSON', '[::1]:5000/app:1', ['[::1]:5000/app:1']],
  ])('%s', (_shape, payload, expected) => {
    expect(readRequestedImages(payload).images.map(({ image }) => image)).toEqual(expected);
  });

  test('platforms of the request and of single images', () => {
    const read = readRequestedImages({
      platforms: ['linux/amd64'],
      images: ['nginx:1.27', { image: 'redis:7', platform: 'linux/amd64,linux/arm64' }],
    });

    expect(read).toEqual({
      images: [{ image: 'nginx:1.27' }, { image: 'redis:7', platforms: ['linux/amd64', 'linux/arm64'] }],
      platforms: ['linux/amd64'],
    });
  });

  test('as many images as one request may have', () => {
    const images = Array.from({ length: REQUEST_LIMITS.images }, (_, n) => `app:${n}`);

    expect(readRequestedImages({ images }).images).toHaveLength(500);
  });
});

test('platforms without an end are counted once, not once for every image', () => {
  let counted = 0;
  const endless = Array.from({ length: 1_000 }, () => 'linux/amd64');
  const watched = new Proxy(endless, {
    get(list, key, receiver) {
      if (key === 'reduce') counted += 1;
      return Reflect.get(list, key, receiver) as unknown;
    },
  });

  const fault = requestFault({ images: Array.from({ length: 500 }, (_, n) => `app:${n}`), platforms: watched });

  expect(fault).toContain('1000 platforms were asked for "app:0"');
  expect(counted).toBe(1);
});

describe('requests that are refused whole, with what is wrong', () => {
  test.each<[unknown, string]>([
    [{ imgae: 'nginx' }, '"imgae" is not known here'],
    [{ image: 'nginx', constructor: 1 }, '"constructor" is not known here'],
    [{}, 'no image was asked for'],
    [{ images: [] }, 'no image was asked for'],
    [null, 'null stands where an image was expected'],
    [undefined, 'a undefined stands where'],
    [{ images: [7] }, 'a number stands where'],
    [{ images: [[[[[['nginx']]]]]] }, 'nested too deep'],
    [{ image: 'nginx', name: 'redis' }, 'exclude each other'],
    [{ registry: 'dockerhub', name: 'nginx' }, "not a registry's host"],
    [{ namespace: 'library' }, 'has no "name"'],
    [{ name: 'nginx:1', tag: '2' }, 'has a tag already'],
    [{ name: 7 }, '"name" is a number'],
    [{ image: 'nginx', platform: 7 }, 'a platform is a text'],
    ['[{"image": ', 'begins like JSON'],
    [{ images: apps(501) }, '501 images were asked for'],
    [{ image: 'nginx', platforms: platforms(17) }, '17 platforms were asked for "nginx", and 16 are allowed'],
    [{ images: [{ image: 'nginx', platform: platforms(17).join(',') }] }, '17 platforms were asked for "nginx"'],
    [{ images: apps(401), platforms: platforms(5) }, '2005 pairs of image and platform were asked for, and 2000'],
    [{ image: 'robot:hunter2@ghcr.io/org/app:1' }, '"robot:***@ghcr.io/org/app:1" holds a user or a password'],
    [{ registry: 'https://robot:hunter2@ghcr.io', name: 'org/app:1' }, 'holds a user or a password'],
  ])('%j', (payload, fault) => {
    const read = (): unknown => readRequestedImages(payload);

    expect(read).toThrow(fault);
    expect(read).not.toThrow('hunter2');
  });
});

describe('more than one request may ask for', () => {
  test.each([
    ['images', 1_200, 1, [500, 500, 200]],
    ['pairs of image and platform', 500, 5, [400, 100]],
  ])('too many %s are asked for in several requests', (_what, images, count, sizes) => {
    const whole = { images: apps(images), platforms: platforms(count) };

    const pages = splitRequest(whole);

    expect(pages.map((page) => page.length)).toEqual(sizes);
    expect(pages.flat()).toEqual(whole.images);
    expect(pages.map((page) => requestFault({ ...whole, images: page }))).toEqual(sizes.map(() => undefined));
  });

  test('an image of too many platforms stays too much', () => {
    const [page = []] = splitRequest({ images: ['nginx'], platforms: platforms(17) });

    expect(requestFault({ images: page, platforms: platforms(17) })).toContain('17 platforms');
  });
});

function apps(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `app:${number}`);
}

function platforms(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `linux/arm/v${number}`);
}
