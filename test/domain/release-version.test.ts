import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { releasesNewestFirst, versionOf } from '../../src/domain/release-version.js';

const dify = tagsIn('dify-tags.txt');
const difyByDate = tagsIn('dify-tags-by-date.txt');
const xinference = tagsIn('xinference-tags.txt');

describe('releases by version', () => {
  test("the two newest of Dify's tags are chosen by version, not by GitHub's order", () => {
    const [newest, before] = releasesNewestFirst(dify, { order: 'numeric' });

    expect(dify[0]).toBe('v0.8.3-fix1');
    expect([newest, before]).toEqual(['1.16.0', '1.15.0']);
  });

  test('a backport that was released last is not the newest', () => {
    const then = difyByDate.slice(difyByDate.indexOf('0.15.8'));

    const [newest, before] = releasesNewestFirst(then, { order: 'numeric' });

    expect(then[0]).toBe('0.15.8');
    expect([newest, before]).toEqual(['1.4.1', '1.4.0']);
  });

  test('a fix comes after its release and before the next one', () => {
    const sorted = releasesNewestFirst(dify, { order: 'numeric' });

    expect(sorted.slice(sorted.indexOf('1.11.0'), sorted.indexOf('1.10.0') + 1)).toEqual([
      '1.11.0',
      '1.10.1-fix.1',
      '1.10.1',
      '1.10.0',
    ]);
  });

  test('the fix numbers of two releases are compared as numbers, in both spellings', () => {
    const tags = ['0.3.31-fix2', '0.3.31', '0.3.31-fix.10', '0.3.31-fix1'];

    const sorted = releasesNewestFirst(tags, { order: 'numeric' });

    expect(sorted).toEqual(['0.3.31-fix.10', '0.3.31-fix2', '0.3.31-fix1', '0.3.31']);
  });

  test('a tag that is not purely numeric is not a release of Dify', () => {
    const releases = releasesNewestFirst(dify, { order: 'numeric' });

    expect(dify.filter((tag) => !releases.includes(tag)).sort()).toEqual(
      [
        '0.10.0-beta1',
        '0.10.0-beta2',
        '0.10.0-beta3',
        '0.15.6-alpha.1',
        '0.6.0-preview-workflow.1',
        '0.6.0-preview-workflow.2',
        '0.8.0-beta1',
        '1.0.0-beta.1',
        '1.10.0-rc1',
        '1.16.0-rc1',
        '2.0.0-beta.1',
        '2.0.0-beta.2',
      ].sort(),
    );
  });

  test("Xinference's post-releases come after their release, and its candidates are skipped", () => {
    const sorted = releasesNewestFirst(xinference, { order: 'pep440' });

    expect(sorted.slice(0, 4)).toEqual(['v3.2.1', 'v3.2.0', 'v3.1.0', 'v3.0.0']);
    expect(sorted.slice(sorted.indexOf('v1.12.0'), sorted.indexOf('v1.10.1') + 1)).toEqual([
      'v1.12.0',
      'v1.11.0.post1',
      'v1.11.0',
      'v1.10.1',
    ]);
    expect(sorted.filter((tag) => tag.includes('rc'))).toEqual([]);
  });

  test('release candidates, alphas, betas and development releases count if they are enabled', () => {
    const tags = ['v3.1.0', 'v3.1.0.rc1', 'v3.1.0.dev2', 'v3.1.0b1', 'v3.1.0a1', 'v3.0.0.post1'];

    const sorted = releasesNewestFirst(tags, { order: 'pep440', prereleases: true });

    expect(sorted).toEqual(['v3.1.0', 'v3.1.0.rc1', 'v3.1.0b1', 'v3.1.0a1', 'v3.1.0.dev2', 'v3.0.0.post1']);
    expect(releasesNewestFirst(tags, { order: 'pep440' })).toEqual(['v3.1.0', 'v3.0.0.post1']);
  });

  test('pre-releases of semantic versions are skipped unless they are enabled', () => {
    const tags = ['v1.2.0-rc.1', 'v1.1.0', 'v1.10.0', 'v1.9.0', 'latest'];

    expect(releasesNewestFirst(tags, { order: 'semver' })).toEqual(['v1.10.0', 'v1.9.0', 'v1.1.0']);
    expect(releasesNewestFirst(tags, { order: 'semver', prereleases: true })).toContain('v1.2.0-rc.1');
  });

  test.each([
    ['numeric', dify],
    ['pep440', xinference],
  ] as const)('the order in which tags are listed does not matter (%s)', (order, tags) => {
    const expected = releasesNewestFirst(tags, { order });

    fc.assert(
      fc.property(fc.shuffledSubarray([...tags], { minLength: tags.length }), (shuffled) => {
        expect(releasesNewestFirst(shuffled, { order })).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('the version of a release is its tag without the v', () => {
    expect(['v3.2.1', '1.16.0', 'version-1'].map(versionOf)).toEqual(['3.2.1', '1.16.0', 'version-1']);
  });
});

function tagsIn(name: string): string[] {
  return readFileSync(new URL(`../upstreams/data/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}
