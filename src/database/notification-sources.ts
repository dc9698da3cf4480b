/** What notifications read of the rest of the database. */
import { sql } from 'kysely';

import type { FaultCode } from '../domain/ferry-error.js';
import { isObject } from '../domain/is-object.js';
import type { CopyStanding } from '../domain/notifications/image-causes.js';
import { CopyState, PushStatus } from '../domain/wanted-image.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import type { Queries } from './dialect-differences.js';
import { pagesOf } from './insert-rows.js';
import { readJsonColumn } from './json-column.js';
import { isAnnouncedBy } from './wanted/image-conditions.js';
import { targetSelection } from './wanted/target-selections.js';

/** A run that has ended. Times in UTC milliseconds. */
export interface FinishedRun {
  readonly id: string;
  readonly finishedAt: number;
  readonly images: number;
  readonly pushed: number;
  readonly waiting: number;
  readonly retrying: number;
  readonly blocked: number;
  readonly isCancelled: boolean;
  readonly failure?: string | undefined;
}

/** Of one release. */
const mostImages = 1_000;

/** The copies of images, also those on targets that are no longer configured. */
export async function copiesOf(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, readonly CopyStanding[]>> {
  const found = new Map<string, CopyStanding[]>();
  for (const page of pagesOf(images)) {
    const rows = await queries
      .selectFrom('image_copies')
      .select(['image', 'target', 'state', 'code', 'reason'])
      .where('image', 'in', page)
      .orderBy('target')
      .execute();
    for (const { image, target, state, code, reason } of rows) {
      const copy = {
        target,
        state: state as CopyState,
        code: (code ?? undefined) as FaultCode | undefined,
        reason: reason ?? undefined,
      };
      found.set(image, [...(found.get(image) ?? []), copy]);
    }
  }
  return found;
}

/** Runs that ended after notifications began and that they have not considered yet, the oldest first. */
export async function finishedRuns(queries: Queries, after: number): Promise<readonly FinishedRun[]> {
  const rows = await queries
    .selectFrom('runs')
    .select(['id', 'finished_at', 'summary'])
    .where('considered', 'is', null)
    .where('finished_at', '>', after)
    .orderBy('finished_at')
    .execute();
  return rows.map(({ id, finished_at: finishedAt, summary }) => {
    const known = readJsonColumn(summary);
    const fields: Readonly<Record<string, unknown>> = typeof known === 'object' && known !== null ? { ...known } : {};
    const count = (name: string): number => (typeof fields[name] === 'number' ? fields[name] : 0);
    return {
      id,
      finishedAt: Number(finishedAt),
      images: count('images'),
      pushed: count('pushed'),
      waiting: count('waiting'),
      retrying: count('retrying'),
      blocked: count('blocked'),
      isCancelled: fields['cancelled'] === true,
      failure: typeof fields['failure'] === 'string' ? fields['failure'] : undefined,
    };
  });
}

export async function noteConsideredRun(queries: Queries, run: string): Promise<void> {
  await queries.updateTable('runs').set({ considered: 1 }).where('id', '=', run).execute();
}

/** Images that a run left retrying or blocked. */
export async function openImagesOfRun(queries: Queries, run: string): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('run_outcomes')
    .select('image')
    .where('run', '=', run)
    .where('target', '=', '')
    .where('state', 'in', [CopyState.retrying, CopyState.blocked])
    .orderBy('image')
    .execute();
  return rows.map(({ image }) => image);
}

/** The newest handled release of each upstream. */
export async function handledReleases(
  queries: Queries,
): Promise<readonly { readonly upstream: string; readonly release: string }[]> {
  const rows = await queries.selectFrom('upstreams').select(['name', 'release_tag']).orderBy('name').execute();
  return rows.flatMap(({ name, release_tag: release }) => (release === null ? [] : [{ upstream: name, release }]));
}

/** Images of a release that are wanted. */
export interface ReleaseImages {
  readonly all: readonly string[];
  /** Those that are not on all of their targets yet. */
  readonly open: readonly string[];
  /** Those that were first requested by this release: of repositories that the release before had not, */
  readonly added: readonly string[];
  /** and with another tag than that one. */
  readonly changed: readonly string[];
  /** Names of their targets; absent: all configured ones. */
  readonly targets?: readonly string[] | undefined;
}

/** What a release requested, and what it has in common with earlier requests. */
export async function releaseImages(queries: Queries, upstream: string, release: string): Promise<ReleaseImages> {
  const ofImage = queries
    .selectFrom('images_for_push')
    .select(['image', 'push_status', 'requested_by', 'targets'])
    .where('image', 'is not', null);
  const announced = await ofImage.where(isAnnouncedBy(upstream, release)).orderBy('image').limit(mostImages).execute();
  const stored = await storedImages(queries, upstream, release);
  const others: (typeof announced)[number][] = [];
  for (const page of pagesOf(stored)) others.push(...(await ofImage.where('image', 'in', page).execute()));
  const isWanted = ({ push_status: status }: (typeof announced)[number]): boolean => status !== PushStatus.withdrawn;
  const own = announced.filter(isWanted);
  const wanted = [...own, ...others.filter(isWanted)];

  const names = (rows: typeof wanted): ReadonlySet<string> => new Set(rows.flatMap(({ image }) => image ?? []));
  const changed = names(own.filter(({ requested_by: text }) => isOfOlderTag(text)));
  return {
    all: [...names(wanted)].toSorted(),
    open: [...names(wanted.filter(({ push_status: status }) => status !== PushStatus.pushed))].toSorted(),
    added: [...names(own)].filter((image) => !changed.has(image)),
    changed: [...changed],
    targets: commonTargets(wanted.map(({ targets }) => targetSelection(targets))),
  };
}

async function storedImages(queries: Queries, upstream: string, release: string): Promise<readonly string[]> {
  const row = await queries
    .selectFrom('upstream_releases')
    .select('images')
    .where('upstream', '=', upstream)
    .where('release_tag', '=', release)
    .executeTakeFirst();
  const images = readJsonColumn(row?.images ?? null);
  if (!Array.isArray(images)) return [];
  const names = images.flatMap((one: unknown) =>
    isObject(one) && typeof one['image'] === 'string' ? one['image'] : [],
  );
  return [...new Set(names)].slice(0, mostImages);
}

function isOfOlderTag(requestedBy: string | null): boolean {
  const why = readJsonColumn(requestedBy);
  return isObject(why) && typeof why['oldTag'] === 'string';
}

function commonTargets(selections: readonly TargetSelection[]): readonly string[] | undefined {
  if (selections.length === 0 || selections.includes('all')) return undefined;
  return [...new Set(selections.flat())];
}

/** Compressed bytes of images as they are on a target; undefined if no size is known. */
export async function bytesOfImages(queries: Queries, images: readonly string[]): Promise<number | undefined> {
  const largest = new Map<string, number>();
  for (const page of pagesOf(images)) {
    const rows = await queries
      .selectFrom('pushed_images')
      .innerJoin('pushed_platforms', 'pushed_platforms.pushed_id', 'pushed_images.id')
      .select(['pushed_images.image', 'pushed_images.id'])
      .select(sql<number | string>`sum(pushed_platforms.size)`.as('bytes'))
      .where('pushed_images.image', 'in', page)
      .groupBy(['pushed_images.image', 'pushed_images.id'])
      .execute();
    for (const { image, bytes } of rows) {
      if (image !== null) largest.set(image, Math.max(largest.get(image) ?? 0, Number(bytes)));
    }
  }
  return largest.size === 0 ? undefined : [...largest.values()].reduce((sum, bytes) => sum + bytes, 0);
}
