import { describe, expect, test } from 'vitest';

import { requestLimits, requestFault, splitRequest } from '../../src/domain/request-limits.js';
import { readRequestedImages } from '../../src/domain/requested-images.js';

describe('forms of requested images', () => {
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
    ['an IPv6 host, which is no JSON', '[::1]:5000/app:1', ['[::1]:5000/app:1']],
  ])('images are read from %s', (_shape, payload, expected) => {
    expect(readRequestedImages(payload).images.map(({ image }) => image)).toEqual(expected);
  });

  test('platforms of a single image take precedence over those of the request', () => {
    const read = readRequestedImages({
      platforms: ['linux/amd64'],
      images: ['nginx:1.27', { image: 'redis:7', platform: 'linux/amd64,linux/arm64' }],
    });

    expect(read).toEqual({
      images: [{ image: 'nginx:1.27' }, { image: 'redis:7', platforms: ['linux/amd64', 'linux/arm64'] }],
      platforms: ['linux/amd64'],
      ignored: [],
    });
  });

  test('a request with the maximum number of images is accepted', () => {
    const images = Array.from({ length: requestLimits.images }, (_, n) => `app:${n}`);

    expect(readRequestedImages({ images }).images).toHaveLength(500);
  });
});

test('a very long list of platforms is counted once, not once per image', () => {
  let counted = 0;
  const endless = Array.from({ length: 1_000 }, () => 'linux/amd64');
  const watched = new Proxy(endless, {
    get(list, key, receiver) {
      if (key === 'reduce') counted += 1;
      return Reflect.get(list, key, receiver) as unknown;
    },
  });

  const fault = requestFault({ images: Array.from({ length: 500 }, (_, n) => `app:${n}`), platforms: watched });

  expect(fault).toContain('1000 platforms are requested for "app:0"');
  expect(counted).toBe(1);
});

describe('requests that are refused whole', () => {
  test.each<[unknown, string]>([
    [{ imgae: 'nginx' }, 'unknown field "imgae"; did you mean "image"?'],
    [{}, 'no image was requested'],
    [{ images: [] }, 'no image was requested'],
    [undefined, 'no image was requested'],
    [null, 'expected an image, got null'],
    [{ image: null }, 'at image: expected an image, got null'],
    [{ images: [7] }, 'at images[0]: expected an image, got a number'],
    [{ images: [[[[[['nginx']]]]]] }, 'nested too deep'],
    [{ image: 'nginx', name: 'redis' }, 'exclude each other'],
    [{ registry: 'dockerhub', name: 'nginx' }, 'not a registry host'],
    [{ namespace: 'library' }, 'has no "name"'],
    [{ name: 'nginx:1', tag: '2' }, 'already contains a tag'],
    [{ name: 7 }, '"name" must be a text'],
    [{ image: 'nginx', platform: 7 }, 'a platform must be a text'],
    ['{"image": ', 'starts like JSON'],
    [{ images: apps(501) }, 'the request contains 501 images'],
    [{ image: 'nginx', platforms: platforms(17) }, '17 platforms are requested for "nginx", the limit is 16'],
    [{ images: [{ image: 'nginx', platform: platforms(17).join(',') }] }, '17 platforms are requested for "nginx"'],
    [{ images: apps(401), platforms: platforms(5) }, '2005 pairs of image and platform, the limit is 2000'],
    [{ image: 'robot:hunter2@ghcr.io/org/app:1' }, '"robot:***@ghcr.io/org/app:1" contains a user name or a password'],
    [{ registry: 'https://robot:hunter2@ghcr.io', name: 'org/app:1' }, 'contains a user name or a password'],
    [{ registry: 'https://robot:hunter2@ghcr.io', name: 7 }, '"{registry, name}": "name" must be a text'],
    [{ 'quay.io/a/b': 'quay.io/c/b' }, 'write {"images": ["quay.io/a/b"]}'],
    [{ 'nginx:1.27': ['a.example/nginx', 'b.example/nginx'] }, 'write {"images": ["nginx:1.27"]}'],
  ])('the request %j is refused with the reason', (payload, fault) => {
    const read = (): unknown => readRequestedImages(payload);

    expect(read).toThrow(fault);
    expect(read).not.toThrow('hunter2');
    expect(read).not.toThrow('got undefined');
  });
});

describe('invalid entries of a list', () => {
  test.each<[unknown, string]>([
    [null, 'at images[1]: expected an image, got null'],
    [undefined, 'at images[1]: expected an image, got nothing'],
    [7, 'at images[1]: expected an image, got a number'],
    [true, 'at images[1]: expected an image, got a boolean'],
    [{}, 'at images[1]: the object contains no image'],
    [{ foo: 1 }, 'at images[1]: unknown field "foo"'],
    [{ image: null }, 'at images[1]: the object contains no image'],
    [[null], 'at images[1][0]: expected an image, got null'],
    [{ image: 'redis:7', platform: 7 }, 'at images[1]: a platform must be a text'],
    [{ image: 'redis:7 linux/arm64', platform: 'linux/amd64' }, 'linux/amd64 in its field: write only one of them'],
    [{ image: 'redis', arch: 'arm64' }, '"arch": write "platform"'],
    [{ image: 'redis', platfrom: 'linux/arm64' }, 'unknown field "platfrom"; did you mean "platform"?'],
    [{ image: 'redis', target: 'r.example.com/redis' }, '"target" renames the copy'],
    ['undefined', '"undefined": the program that wrote it had no value'],
    ['null', 'the program that wrote it had no value'],
    ['redis:7 -> mirror/redis', 'it renames the copy'],
  ])('the entry %j is refused without affecting the others: %s', (entry, reason) => {
    const { images } = readRequestedImages({ images: ['nginx:1.27', entry, 'alpine:3'] });

    expect(images).toHaveLength(3);
    expect(images[0]).toEqual({ image: 'nginx:1.27' });
    expect(images[1]?.refused).toContain(reason);
    expect(images[2]).toEqual({ image: 'alpine:3' });
  });

  test('a list with a platform as an entry of its own is refused whole', () => {
    const read = (): unknown => readRequestedImages({ images: ['nginx:1.27', '--platform=linux/arm64'] });

    expect(read).toThrow('is an entry of its own: write it next to its image');
  });
});

describe('unknown fields', () => {
  test('unknown fields next to known ones are ignored and reported', () => {
    const read = readRequestedImages({
      image: 'nginx:1.27',
      source: 'ci',
      version: 2,
      constructor: { user: 'x' },
      target: 'production',
    });

    expect(read).toEqual({
      images: [{ image: 'nginx:1.27' }],
      ignored: ['source', 'version', 'constructor', 'target'],
    });
  });

  test('unknown fields are reported with their path in a list', () => {
    const { ignored } = readRequestedImages({ images: [{ image: 'nginx', note: 'x' }], note: 'y' });

    expect(ignored).toEqual(['note', 'images[0].note']);
  });
});

describe('requests that exceed the limits', () => {
  test.each([
    ['images', 1_200, 1, [500, 500, 200]],
    ['pairs of image and platform', 500, 5, [400, 100]],
  ])('too many %s are split into several requests', (_what, images, count, sizes) => {
    const whole = { images: apps(images), platforms: platforms(count) };

    const pages = splitRequest(whole);

    expect(pages.map((page) => page.length)).toEqual(sizes);
    expect(pages.flat()).toEqual(whole.images);
    expect(pages.map((page) => requestFault({ ...whole, images: page }))).toEqual(sizes.map(() => undefined));
  });

  test('an image with too many platforms is not split', () => {
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
