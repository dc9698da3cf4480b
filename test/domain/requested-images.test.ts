import { describe, expect, test } from 'vitest';

import { requestLimits, requestFault, splitRequest } from '../../src/domain/request-limits.js';
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
      ignored: [],
    });
  });

  test('as many images as one request may have', () => {
    const images = Array.from({ length: requestLimits.images }, (_, n) => `app:${n}`);

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
    [{ imgae: 'nginx' }, '"imgae" is not known here; did you mean "image"?'],
    [{}, 'no image was requested'],
    [{ images: [] }, 'no image was requested'],
    [undefined, 'no image was requested'],
    [null, 'null stands where an image was expected'],
    [{ image: null }, 'at image: null stands where an image was expected'],
    [{ images: [7] }, 'at images[0]: a number stands where an image was expected'],
    [{ images: [[[[[['nginx']]]]]] }, 'nested too deep'],
    [{ image: 'nginx', name: 'redis' }, 'exclude each other'],
    [{ registry: 'dockerhub', name: 'nginx' }, "not a registry's host"],
    [{ namespace: 'library' }, 'has no "name"'],
    [{ name: 'nginx:1', tag: '2' }, 'has a tag already'],
    [{ name: 7 }, '"name" is a number'],
    [{ image: 'nginx', platform: 7 }, 'a platform is a text'],
    ['{"image": ', 'begins like JSON'],
    [{ images: apps(501) }, '501 images were asked for'],
    [{ image: 'nginx', platforms: platforms(17) }, '17 platforms were asked for "nginx", and 16 are allowed'],
    [{ images: [{ image: 'nginx', platform: platforms(17).join(',') }] }, '17 platforms were asked for "nginx"'],
    [{ images: apps(401), platforms: platforms(5) }, '2005 pairs of image and platform were asked for, and 2000'],
    [{ image: 'robot:hunter2@ghcr.io/org/app:1' }, '"robot:***@ghcr.io/org/app:1" holds a user or a password'],
    [{ registry: 'https://robot:hunter2@ghcr.io', name: 'org/app:1' }, 'holds a user or a password'],
    [{ registry: 'https://robot:hunter2@ghcr.io', name: 7 }, '"{registry, name}": "name" is a number'],
    [{ 'quay.io/a/b': 'quay.io/c/b' }, 'write {"images": ["quay.io/a/b"]}'],
    [{ 'nginx:1.27': ['a.example/nginx', 'b.example/nginx'] }, 'write {"images": ["nginx:1.27"]}'],
  ])('%j', (payload, fault) => {
    const read = (): unknown => readRequestedImages(payload);

    expect(read).toThrow(fault);
    expect(read).not.toThrow('hunter2');
    expect(read).not.toThrow('undefined stands');
  });
});

describe('an entry that is not understood is refused by itself, and the others are taken', () => {
  test.each<[unknown, string]>([
    [null, 'at images[1]: null stands where an image was expected'],
    [undefined, 'at images[1]: nothing stands where an image was expected'],
    [7, 'at images[1]: a number stands where an image was expected'],
    [true, 'at images[1]: a boolean stands where an image was expected'],
    [{}, 'at images[1]: the object names no image'],
    [{ foo: 1 }, 'at images[1]: "foo" is not known here'],
    [{ image: null }, 'at images[1]: the object names no image'],
    [[null], 'at images[1][0]: null stands where an image was expected'],
    [{ image: 'redis:7', platform: 7 }, 'at images[1]: a platform is a text'],
    [{ image: 'redis:7 linux/arm64', platform: 'linux/amd64' }, 'linux/amd64 in its field: write one of them'],
    [{ image: 'redis', arch: 'arm64' }, '"arch" is not known here: write "platform"'],
    [{ image: 'redis', platfrom: 'linux/arm64' }, '"platfrom" is not known here; did you mean "platform"?'],
    [{ image: 'redis', target: 'r.example.com/redis' }, '"target" gives the copy another name'],
    ['undefined', '"undefined" stands where an image was expected: what filled it in had no value'],
    ['null', 'what filled it in had no value'],
    ['redis:7 -> mirror/redis', 'it gives the copy another name'],
  ])('%j: %s', (entry, reason) => {
    const { images } = readRequestedImages({ images: ['nginx:1.27', entry, 'alpine:3'] });

    expect(images).toHaveLength(3);
    expect(images[0]).toEqual({ image: 'nginx:1.27' });
    expect(images[1]?.refused).toContain(reason);
    expect(images[2]).toEqual({ image: 'alpine:3' });
  });

  test('a platform in an entry of its own belongs to no image, and none of the list is taken', () => {
    const read = (): unknown => readRequestedImages({ images: ['nginx:1.27', '--platform=linux/arm64'] });

    expect(read).toThrow('stands in an entry of its own: write it beside its image');
  });
});

describe('fields that are not known', () => {
  test('stand beside the known ones, are ignored, and are named', () => {
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

  test('are named by their place in a list', () => {
    const { ignored } = readRequestedImages({ images: [{ image: 'nginx', note: 'x' }], note: 'y' });

    expect(ignored).toEqual(['note', 'images[0].note']);
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
