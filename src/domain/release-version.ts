import pep440 from '@renovatebot/pep440';
import semver from 'semver';

import { VersionOrder } from './version-order.js';

export interface ReleaseOptions {
  readonly order: VersionOrder;
  /** Release candidates, alphas, betas and development releases count too; default: they do not. */
  readonly prereleases?: boolean;
}

const numeric = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-fix\.?(\d{1,9}))?$/;

/**
 * releasesNewestFirst returns the tags that are releases, newest version first. Two spellings of one version (`v1.0.0` and
 * `1.0.0`) are both kept, in alphabetical order.
 */
export function releasesNewestFirst(tags: readonly string[], { order, prereleases = false }: ReleaseOptions): string[] {
  const releases = [...new Set(tags)].filter((tag) => isRelease(tag, order, prereleases));
  return releases.sort((a, b) => compareReleases(b, a, order) || (a < b ? -1 : 1));
}

/** Whether two releases are spellings of one version: `v1.0.0` and `1.0.0`. */
export function isSameVersion(a: string, b: string, order: VersionOrder): boolean {
  return compareReleases(a, b, order) === 0;
}

/** Negative when `a` is the older release, 0 when both are spellings of one. Both must be releases. */
function compareReleases(a: string, b: string, order: VersionOrder): number {
  switch (order) {
    case VersionOrder.numeric:
      return compareNumbers(numbersOf(a), numbersOf(b));
    case VersionOrder.semver:
      return semver.compare(a, b);
    case VersionOrder.pep440:
      return pep440.compare(a, b);
    default:
      return order satisfies never;
  }
}

/** The version without a leading `v`: image tags often omit the `v` that git tags have. */
export function versionOf(tag: string): string {
  return tag.replace(/^v(?=\d)/, '');
}

function isRelease(tag: string, order: VersionOrder, prereleases: boolean): boolean {
  switch (order) {
    case VersionOrder.numeric:
      return numeric.test(tag);
    case VersionOrder.semver: {
      const version = semver.parse(tag);
      return version !== null && (prereleases || version.prerelease.length === 0);
    }
    case VersionOrder.pep440: {
      const version = pep440.explain(tag);
      return version !== null && (prereleases || !(version.is_prerelease || version.is_devrelease));
    }
    default:
      return order satisfies never;
  }
}

/** A release without a fix is its fix 0. */
function numbersOf(tag: string): readonly number[] {
  const [, major, minor, patch, fix = '0'] = numeric.exec(tag) ?? [];
  return [Number(major), Number(minor), Number(patch), Number(fix)];
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [place, number] of a.entries()) {
    const difference = number - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
