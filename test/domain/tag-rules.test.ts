import { describe, expect, test } from 'vitest';

import { fitsPattern } from '../../src/domain/name-pattern.js';
import { checkRange, selectTags, tagExpression } from '../../src/domain/tag-rules.js';

const tags = ['v2.9.0', 'v2.10.0', 'v2.10.0-rc.1', 'v3.0.0', 'latest', '2.8', '2', 'main-8.9', 'main-8.10', 'v2.10.1'];
const all = { newest: 500, deny: [] };

describe('tag rules', () => {
  test('the newest versions come first in any order of the tags, and tags that are not versions come last', () => {
    const { selected } = selectTags(tags, all);

    expect(selected).toEqual([
      'v3.0.0',
      'v2.10.1',
      'v2.10.0',
      'v2.10.0-rc.1',
      'v2.9.0',
      '2.8',
      '2',
      'main-8.10',
      'main-8.9',
      'latest',
    ]);
  });

  test('a regular expression must match the whole tag', () => {
    const { selected } = selectTags(tags, { ...all, match: String.raw`v\d+\.\d+\.\d+` });

    expect(selected).toEqual(['v3.0.0', 'v2.10.1', 'v2.10.0', 'v2.9.0']);
  });

  test('a semver range matches only versions, without pre-releases', () => {
    const { selected } = selectTags(tags, { ...all, range: '>=2.8 <3' });

    expect(selected).toEqual(['v2.10.1', 'v2.10.0', 'v2.9.0', '2.8']);
  });

  test('the limit keeps the newest matching tags, and a denied tag does not count', () => {
    const { selected, skipped } = selectTags(tags, { newest: 2, deny: ['v2.10.1', '*-rc.*'], range: '^2' });

    expect(selected).toEqual(['v2.10.0', 'v2.9.0']);
    expect(skipped).toEqual([{ what: 'tag v2.10.1', reason: 'a deny pattern matches it' }]);
  });

  test('an invalid tag rule is refused with the reason', () => {
    expect(() => tagExpression('v(')).toThrow('"v(" is not a regular expression');
    expect(() => checkRange('newer than 2')).toThrow('"newer than 2" is not a semver range');
  });
});

describe('patterns', () => {
  test.each([
    ['nginx', 'nginx', true],
    ['nginx:1', 'nginx', false],
    ['nginx:1', 'nginx:*', true],
    ['acme/app-web', '*-web', true],
    ['acme/app-web', 'acme/*-web', true],
    ['ab', 'a*b', true],
    ['a', 'a*a', false],
    ['aXbXc', 'a*b*c', true],
    ['acb', 'a*b*c', false],
    ['anything', '*', true],
    ['', '*', true],
    ['a.c', 'a?c', false],
  ])('whether the name %s matches the pattern %s: %s', (name, pattern, fits) => {
    expect(fitsPattern(name, pattern)).toBe(fits);
  });
});
