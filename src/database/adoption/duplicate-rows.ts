/** Rows with the same image and platform as an earlier row: they follow its status. */
import { sql } from 'kysely';

import { InvalidInput } from '../../domain/ferry-error.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import type { RowIdentity } from '../row-shapes.js';
import { changeStatus } from '../wanted/change-status.js';
import { askedAt, forgotten, highestId, lowestId, perRow, updateWanted } from '../wanted/wanted-rows.js';
import { idsOf, pageSize } from './naming-rows.js';
import { ProgressCheck } from './progress-check.js';

/** The first row of an image and platform. */
export interface Owner {
  readonly id: number;
  status: number;
  /** Whether it has only some of the targets. */
  isLimited: boolean;
}

export interface Follower {
  readonly id: number;
  /** The status in its own row. */
  readonly status: number;
  readonly owner: Owner;
}

/** The first row of each image and platform, by key. */
export async function ownersOf(
  queries: Queries,
  dialect: DialectDifferences,
  identities: readonly (RowIdentity | InvalidInput)[],
): Promise<Map<string, Owner>> {
  const keys = identities.flatMap((identity) => (identity instanceof InvalidInput ? [] : [identity.key]));
  if (keys.length === 0) return new Map();
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push').select(['id', 'image_key', 'push_status', 'targets']))
    .where('image_key', 'in', [...new Set(keys)])
    .execute();
  const owner = (row: (typeof rows)[number]): Owner => ({
    id: row.id,
    status: row.push_status ?? PushStatus.pending,
    isLimited: row.targets !== null,
  });
  return new Map(rows.map((row) => [row.image_key ?? '', owner(row)]));
}

/**
 * Marks rows as duplicates of others and gives them the same status. Rows of other programs have no targets, so they mean
 * all targets.
 */
export async function follow(
  queries: Queries,
  dialect: DialectDifferences,
  followers: readonly Follower[],
): Promise<void> {
  if (followers.length === 0) return;
  const renewed = new Set<Owner>();
  for (const { status, owner } of followers) {
    const wantsMore = owner.status === PushStatus.withdrawn || owner.isLimited;
    if (!wantsMore || status !== PushStatus.pending) continue;
    // A new row for an image that was withdrawn or limited to some targets must not be ignored silently.
    owner.status = PushStatus.pending;
    owner.isLimited = false;
    renewed.add(owner);
  }
  const status = perRow(followers, ({ owner }) => owner.status);
  await updateWanted(queries, {
    duplicate_of: perRow(followers, ({ owner }) => owner.id),
    push_status: status,
    ferry_status: status,
  })
    .where('id', 'in', idsOf(followers))
    .execute();
  const now = await dialect.now(queries);
  const asked = { ...forgotten, targets: null, requested_at: askedAt(now) };
  const cause = { kind: 'added', at: now, who: 'row' } as const;
  await changeStatus({ queries, dialect }, idsOf([...renewed]), PushStatus.pending, asked, cause);
}

/** Duplicates whose first row was deleted, or became another image, are independent again. */
export async function releaseOrphans(queries: Queries): Promise<void> {
  const progress = new ProgressCheck();
  for (;;) {
    const ids = await orphans(queries, pageSize);
    if (ids.length === 0) return;
    progress.next(ids);
    await updateWanted(queries, { duplicate_of: null }).where('id', 'in', ids).execute();
  }
}

/** @returns IDs of duplicates without a first row, at most `limit` */
export async function orphans(queries: Queries, limit: number): Promise<number[]> {
  const rows = await queries
    .selectFrom('images_for_push as duplicate')
    .leftJoin('images_for_push as first', 'first.id', 'duplicate.duplicate_of')
    .select('duplicate.id')
    .where('duplicate.duplicate_of', 'is not', null)
    // With a bare `id`, SQLite would read every row in this range instead of the few duplicates.
    .where((is) => is.between(sql<number>`+duplicate.id`, lowestId, highestId))
    .where((is) => is.or([is('first.id', 'is', null), is('first.image_key', 'is', null)]))
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
