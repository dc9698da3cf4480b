import { describe, expect, test } from 'vitest';

import { backupTagFor, isMutable } from '../../src/domain/mutable-tags.js';

describe('tags that may move', () => {
  test.each([
    ['docker.io/library/nginx:latest', ['latest'], true],
    ['docker.io/library/nginx:1.27', ['latest'], false],
    ['localhost:5000/app:nightly-2', ['nightly-*'], true],
    ['localhost:5000/app:1', ['*'], true],
    [`docker.io/library/nginx:latest@sha256:${'a'.repeat(64)}`, ['*'], false],
    ['docker.io/library/nginx:latest', [], false],
  ])('%s is mutable by the patterns %j: %s', (image, patterns, expected) => {
    expect(isMutable(image, { patterns })).toBe(expected);
  });

  test('a backup tag contains the tag and the time, and is a valid tag', () => {
    const at = Date.UTC(2026, 10, 24, 5, 6, 7);

    expect(backupTagFor('{tag}-{yyyymmddhhmmss}', 'latest', at)).toBe('latest-20261124050607');
    expect(backupTagFor('{tag}-{yyyymmddhhmmss}', 'x'.repeat(128), at)).toHaveLength(128);
  });

  test('backups of similar long tags made in the same second have different tags', () => {
    const tags = ['x1', 'x2'].map((end) => backupTagFor('{tag}-{yyyymmddhhmmss}', `${'a'.repeat(120)}${end}`, 0));

    expect(new Set(tags).size).toBe(2);
    expect(tags.map((tag) => tag.length)).toEqual([128, 128]);
  });
});
