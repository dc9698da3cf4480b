import { isSameVersion, releasesNewestFirst } from '../domain/release-version.js';
import { nothingNew } from '../domain/upstream-finding.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { VersionOrder } from '../domain/version-order.js';
import type { UpstreamCheckOptions } from './check-options.js';
import type { GitHub } from './github.js';
import { UpstreamFault } from './upstream-fault.js';

interface ReleasesOf {
  readonly repository: string;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
}

/** Whether there is a release to read: the first step of every check of a GitHub project's releases. */
export type Opening =
  | { readonly kind: 'over'; readonly finding: UpstreamFinding }
  | {
      readonly kind: 'look';
      readonly newest: string;
      /** The release that it is compared with. */
      readonly base?: string | undefined;
      readonly etag?: string | undefined;
      /** Notes for the user so far. */
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
  return { kind: 'look', newest: releases[0], base, etag, notes: told };
}

interface ReleaseListing {
  /** Tags of releases, newest version first; at least one. */
  readonly releases: readonly [string, ...string[]];
  readonly etag?: string | undefined;
}

/**
 * Lists the releases of a GitHub project.
 *
 * @returns undefined if nothing has changed since the listing in `handled`
 * @throws UpstreamFault also if no tag is a release
 */
async function listReleases(
  github: GitHub,
  { repository, order, prereleases }: ReleasesOf,
  { handled, again = false, signal }: UpstreamCheckOptions,
): Promise<ReleaseListing | undefined> {
  const listing = await github.listTags(repository, {
    etag: again ? undefined : handled?.etag,
    signal,
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
  // The ETag is used only while it covers the tags where new releases appear.
  const speaks = etag !== undefined && tags.indexOf(newest) < etagCovers;
  return { releases: [newest, ...older], etag: speaks ? etag : undefined };
}

type Comparison =
  /** The newest release is to be read, compared with `base` if there is one. */
  | { readonly kind: 'look'; readonly base: string | undefined; readonly note?: string }
  | { readonly kind: 'handled'; readonly note?: string };

/**
 * Chooses the release that the newest one is compared with: the last handled one, so that two releases between two
 * checks lose nothing, else the previous one. That also covers a handled release that was removed from the list. If the
 * handled release is newer than all in the list, the newest was withdrawn, and its images were copied already.
 */
function comparisonOf(
  [newest, ...older]: ReleaseListing['releases'],
  releases: ReadonlySet<string>,
  { order, prereleases }: Pick<ReleasesOf, 'order' | 'prereleases'>,
  { handled, again = false }: UpstreamCheckOptions,
): Comparison {
  const last = handled?.release;
  // A version that is tagged twice would be compared with itself.
  const before = older.find((release) => !isSameVersion(release, newest, order));
  if (last === newest) return again ? { kind: 'look', base: before } : { kind: 'handled' };
  if (last === undefined) return { kind: 'look', base: before };
  if (releases.has(last)) return { kind: 'look', base: last };
  const gone = `the last handled release ${last} no longer exists`;
  if (releasesNewestFirst([last, newest], { order, prereleases })[0] === last && !again) {
    return { kind: 'handled', note: `${gone}; the newest one is ${newest}` };
  }
  return { kind: 'look', base: before, note: `${gone}: compared with ${before ?? 'nothing'} instead` };
}

/** Notes for the user about the GitHub access. */
function githubNotes({ hasToken }: GitHub): readonly string[] {
  return hasToken ? [] : ['GITHUB_TOKEN is not set: GitHub allows 60 requests per hour from this address'];
}
