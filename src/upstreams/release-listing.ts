import { isSameVersion, releasesNewestFirst } from '../domain/release-version.js';
import type { VersionOrder } from '../domain/version-order.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import { nothingNew } from '../domain/upstream-finding.js';
import type { GitHub } from './github.js';
import type { UpstreamCheckOptions } from './check-options.js';
import { UpstreamFault } from './upstream-fault.js';

interface ReleasesOf {
  readonly repository: string;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
}

/** Whether there is anything to look at: the opening of every look at a GitHub project's releases. */
export type Opening =
  | { readonly kind: 'over'; readonly finding: UpstreamFinding }
  | {
      readonly kind: 'look';
      readonly newest: string;
      /** What it is compared with. */
      readonly base?: string;
      readonly etag?: string;
      /** What a person should know so far. */
      readonly notes: readonly string[];
    };

/** @throws UpstreamFault naming the address */
export async function openCheck(github: GitHub, upstream: ReleasesOf, options: UpstreamCheckOptions): Promise<Opening> {
  const { handled } = options;
  const notes = githubNotes(github);
  const listing = await listReleases(github, upstream, options);
  if (listing === undefined) return { kind: 'over', finding: nothingNew(handled?.release, notes, handled?.etag) };

  const { releases, etag } = listing;
  const comparison = comparisonOf(releases, new Set(releases), upstream, options);
  const { note } = comparison;
  const told = note === undefined ? notes : [...notes, note];
  if (comparison.kind === 'handled') return { kind: 'over', finding: nothingNew(handled?.release, told, etag) };
  const { base } = comparison;
  return {
    kind: 'look',
    newest: releases[0],
    ...(base === undefined ? {} : { base }),
    ...(etag === undefined ? {} : { etag }),
    notes: told,
  };
}

interface ReleaseListing {
  /** Tags of releases, newest version first; at least one. */
  readonly releases: readonly [string, ...string[]];
  readonly etag?: string;
}

/**
 * The releases of a GitHub project.
 *
 * @returns undefined when nothing has changed since the listing that `handled` names
 * @throws UpstreamFault also when no tag is a release
 */
async function listReleases(
  github: GitHub,
  { repository, order, prereleases }: ReleasesOf,
  { handled, again = false, signal }: UpstreamCheckOptions,
): Promise<ReleaseListing | undefined> {
  const listing = await github.listTags(repository, {
    ...(handled?.etag === undefined || again ? {} : { etag: handled.etag }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (listing === undefined) return undefined;

  const { tags, etag, etagCovers } = listing;
  const [newest, ...older] = releasesNewestFirst(tags, { order, prereleases });
  if (newest === undefined) {
    const some = tags.slice(0, 3).join(', ');
    throw new UpstreamFault(
      `${repository} has no release among its ${tags.length} tags on GitHub (${some || 'none at all'}): they are read as ${order} versions`,
      { code: 'upstream-format', decision: 'block' },
    );
  }
  // A listing is only asked for by its ETag while that says something of where new releases come in.
  const speaks = etag !== undefined && tags.indexOf(newest) < etagCovers;
  return { releases: [newest, ...older], ...(speaks ? { etag } : {}) };
}

type Comparison =
  /** The newest release is to be looked at, beside `base` where there is one. */
  | { readonly kind: 'look'; readonly base?: string; readonly note?: string }
  | { readonly kind: 'handled'; readonly note?: string };

/**
 * What the newest release is compared with: the one that was handled last, so that two releases between two looks lose
 * nothing, else the one before it. A handled one that is gone from the list is made up for by that; one that is newer
 * than all that are there was withdrawn, and its images are here already.
 */
function comparisonOf(
  [newest, ...older]: ReleaseListing['releases'],
  releases: ReadonlySet<string>,
  { order, prereleases }: Pick<ReleasesOf, 'order' | 'prereleases'>,
  { handled, again = false }: UpstreamCheckOptions,
): Comparison {
  const last = handled?.release;
  // The same version tagged twice would be compared with itself.
  const before = older.find((release) => !isSameVersion(release, newest, order));
  const fallback = before === undefined ? {} : { base: before };
  if (last === newest) return again ? { kind: 'look', ...fallback } : { kind: 'handled' };
  if (last === undefined) return { kind: 'look', ...fallback };
  if (releases.has(last)) return { kind: 'look', base: last };
  const gone = `${last}, which was handled last, is no longer among the releases`;
  if (releasesNewestFirst([last, newest], { order, prereleases })[0] === last && !again) {
    return { kind: 'handled', note: `${gone}; the newest there is ${newest}` };
  }
  return { kind: 'look', ...fallback, note: `${gone}: compared with ${before ?? 'nothing'} instead` };
}

/** What a person should know of how GitHub is asked. */
function githubNotes({ hasToken }: GitHub): readonly string[] {
  return hasToken ? [] : ['GITHUB_TOKEN is not set: GitHub answers 60 requests an hour from this address'];
}
