import semver from 'semver';

import { errorMessage } from './error-message.js';
import { InvalidInput } from './ferry-error.js';
import { fitsAny } from './name-pattern.js';
import type { Skipped } from './upstream-finding.js';
import type { TagRules } from './upstream.js';

/** Versions in image tags: with or without `v`, with one, two or three numbers. */
const shortVersion = /^v?\d+(?:\.\d+){0,1}$/;

/**
 * selectTags returns the tags that match the rules, newest version first, followed by tags that are not versions. Only
 * denied tags are reported as skipped: tags that do not match are expected.
 */
export function selectTags(
  tags: readonly string[],
  { match, range, newest, deny }: TagRules,
): { readonly selected: readonly string[]; readonly skipped: readonly Skipped[] } {
  const expression = match === undefined ? undefined : tagExpression(match);
  const fitting = [...new Set(tags)].filter(
    (tag) => (expression?.test(tag) ?? true) && (range === undefined || isInRange(tag, range)),
  );
  const denied = fitting.filter((tag) => fitsAny(tag, deny));
  const selected = fitting
    .filter((tag) => !denied.includes(tag))
    .sort(newestFirst)
    .slice(0, newest);
  return { selected, skipped: denied.map((tag) => ({ what: `tag ${tag}`, reason: 'a deny pattern matches it' })) };
}

/** @throws InvalidInput if it is not a regular expression */
export function tagExpression(match: string): RegExp {
  try {
    return new RegExp(`^(?:${match})$`, 'u');
  } catch (error) {
    const reason = errorMessage(error);
    throw new InvalidInput(`"${match}" is not a regular expression: ${reason}`, 'configuration');
  }
}

/** @throws InvalidInput if it is not a semver range */
export function checkRange(range: string): void {
  if (semver.validRange(range) !== null) return;
  throw new InvalidInput(`"${range}" is not a semver range: use something like >=1.27 <2 or ^3.2`, 'configuration');
}

function isInRange(tag: string, range: string): boolean {
  const version = versionIn(tag);
  return version !== undefined && semver.satisfies(version, range);
}

function newestFirst(a: string, b: string): number {
  const [versionA, versionB] = [versionIn(a), versionIn(b)];
  if (versionA !== undefined && versionB !== undefined) {
    return semver.rcompare(versionA, versionB) || compareNaturally(b, a);
  }
  if (versionA !== undefined) return -1;
  return versionB === undefined ? compareNaturally(b, a) : 1;
}

function versionIn(tag: string): semver.SemVer | undefined {
  const version = semver.parse(tag) ?? (shortVersion.test(tag) ? semver.coerce(tag) : null);
  return version ?? undefined;
}

/** Compares digits by value and everything else by character: `8.9-alpine` before `8.10-alpine`. */
function compareNaturally(a: string, b: string): number {
  const [partsA, partsB] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (const [place, part] of partsA.entries()) {
    const other = partsB[place];
    if (other === undefined) return 1;
    if (part === other) continue;
    const isNumber = place % 2 === 1;
    const difference = isNumber ? Number(part) - Number(other) : 0;
    if (difference !== 0) return difference;
    return part < other ? -1 : 1;
  }
  return partsA.length - partsB.length;
}
