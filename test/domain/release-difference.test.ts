import { parseImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import { releaseDifference } from '../../src/domain/release-difference.js';

describe('the difference of two releases', () => {
  test('an image with another tag counts as changed, once for all services that use it', () => {
    const difference = releaseDifference(
      services({ api: 'acme/api:1', worker: 'acme/api:1' }),
      services({ api: 'acme/api:2', worker: 'acme/api:2' }),
    );

    expect(difference.changed).toEqual([
      { image: 'docker.io/acme/api:2', services: ['api', 'worker'], oldTag: '1', newTag: '2' },
    ]);
    expect([difference.added, difference.removed, difference.unchanged]).toEqual([[], [], []]);
    expect(difference.services).toEqual([
      { service: 'api', from: 'docker.io/acme/api:1', to: 'docker.io/acme/api:2' },
      { service: 'worker', from: 'docker.io/acme/api:1', to: 'docker.io/acme/api:2' },
    ]);
  });

  test('a new repository counts as added, and a missing one as removed', () => {
    const difference = releaseDifference(services({ db: 'postgres:15' }), services({ db: 'mysql:8' }));

    expect(difference.added).toEqual([{ image: 'docker.io/library/mysql:8', services: ['db'], newTag: '8' }]);
    expect(difference.removed).toEqual([{ image: 'docker.io/library/postgres:15', services: ['db'], oldTag: '15' }]);
  });

  test('a renamed service with the same image changes no image', () => {
    const difference = releaseDifference(services({ db: 'postgres:15' }), services({ db_postgres: 'postgres:15' }));

    expect(difference.unchanged).toHaveLength(1);
    expect([...difference.added, ...difference.changed, ...difference.removed]).toEqual([]);
    expect(difference.services).toEqual([
      { service: 'db_postgres', to: 'docker.io/library/postgres:15' },
      { service: 'db', from: 'docker.io/library/postgres:15' },
    ]);
  });

  test('an image whose old tag is still used by one service counts as added, not changed', () => {
    const difference = releaseDifference(
      services({ a: 'redis:6', b: 'redis:6' }),
      services({ a: 'redis:6', b: 'redis:7' }),
    );

    expect(difference.added).toEqual([{ image: 'docker.io/library/redis:7', services: ['b'], newTag: '7' }]);
    expect(difference.unchanged).toHaveLength(1);
  });

  test('if there are several old tags, the one of the same service is reported as changed', () => {
    const difference = releaseDifference(services({ a: 'redis:5', b: 'redis:6' }), services({ b: 'redis:7' }));

    expect(difference.changed).toEqual([
      { image: 'docker.io/library/redis:7', services: ['b'], oldTag: '6', newTag: '7' },
    ]);
    expect(difference.removed).toEqual([{ image: 'docker.io/library/redis:5', services: ['a'], oldTag: '5' }]);
  });

  test('a compose file with another digest for the same tag is a change of that image', () => {
    const [one, two] = ['1', '2'].map((digit) => `quay.io/a/b:1@sha256:${digit.repeat(64)}`);

    const difference = releaseDifference(services({ a: one ?? '' }), services({ a: two ?? '' }));

    expect(difference.changed).toMatchObject([{ image: two, oldTag: '1', newTag: '1' }]);
  });

  test('two spellings of a reference in compose files are not a change', () => {
    const difference = releaseDifference(services({ a: 'nginx' }), services({ a: 'docker.io/library/nginx:latest' }));

    expect(difference.unchanged).toHaveLength(1);
    expect(difference.services).toEqual([]);
  });
});

function services(images: Readonly<Record<string, string>>) {
  return Object.entries(images).map(([service, image]) => ({ service, reference: parseImageReference(image) }));
}
