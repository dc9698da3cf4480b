/** Counts of all rows for the overview, each by an index: it is read while a run writes. */
import { sql } from 'kysely';

import { PushStatus } from '../domain/wanted-image.js';
import type { Queries } from './dialect-differences.js';
import { isHeld } from './pushed/held-copies.js';
import { hasOpenCopy } from './pushed/open-copies.js';
import { WantedState } from './status-views.js';
import type { Overview } from './status-views.js';
import { firstRow, highestId, lowestId } from './wanted/wanted-rows.js';

const count = sql<number>`count(*)`.as('rows');

type StateCounts = Pick<Overview, 'wanted' | 'blockedBy'>;

/** Rows by state, and blocked ones by their reason. @see effectiveStatus */
export async function countStates(queries: Queries): Promise<StateCounts> {
  const byStatus = queries
    .selectFrom('images_for_push')
    .select(['is_claimed', 'push_status', count])
    .where(firstRow, 'is', null)
    .groupBy(['is_claimed', 'push_status']);
  const wanted = { pending: 0, pushed: 0, blocked: 0, withdrawn: 0 };
  for (const { is_claimed: isClaimed, push_status: status, rows } of await byStatus.execute()) {
    wanted[stateOf(status, isClaimed)] += Number(rows);
  }
  const unusable = byStatus.where((is) => is.or([is('id', '<', lowestId), is('id', '>', highestId)]));
  for (const { is_claimed: isClaimed, push_status: status, rows } of await unusable.execute()) {
    if (status === PushStatus.withdrawn) continue;
    wanted[stateOf(status, isClaimed)] -= Number(rows);
    wanted.blocked += Number(rows);
  }
  const blocked = await queries
    .selectFrom('images_for_push')
    .select([sql<string>`coalesce(blocked_code, 'internal')`.as('code'), count])
    .where('push_status', '=', PushStatus.blocked)
    .where(firstRow, 'is', null)
    .groupBy('code')
    .execute();
  const blockedBy = blocked.map(({ code, rows }) => ({ code, rows: Number(rows) }));
  const others = wanted.blocked - blockedBy.reduce((sum, { rows }) => sum + rows, 0);
  return { wanted, blockedBy: others === 0 ? blockedBy : [...blockedBy, { code: 'invalid-row', rows: others }] };
}

function stateOf(status: number | null, isClaimed: number | null): WantedState {
  if (status === null || isClaimed === 1) return 'pending';
  return WantedState[status] ?? 'blocked';
}

/** Pending images that a run has tried. */
export async function countWaiting(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('images_for_push')
    .select(sql<number>`count(distinct image)`.as('images'))
    .where('push_status', '=', PushStatus.pending)
    .where(firstRow, 'is', null)
    .where(hasOpenCopy)
    .executeTakeFirst();
  return Number(row?.images ?? 0);
}

/** Copies by target and state, without those of images that are withdrawn as a whole. */
export async function countCopies(queries: Queries): Promise<Overview['targets']> {
  const all = queries
    .selectFrom('image_copies')
    .select(['target', 'state', count])
    .groupBy(['target', 'state'])
    .orderBy('target');
  const withdrawn = all.where((is) =>
    is.and([
      is(
        'image',
        'in',
        is
          .selectFrom('images_for_push')
          .select('images_for_push.image')
          .where('push_status', '=', PushStatus.withdrawn),
      ),
      is.not(
        is.exists(
          is
            .selectFrom('images_for_push as other')
            .select('other.id')
            .whereRef('other.image', '=', 'image_copies.image')
            .where(sql<boolean>`coalesce(other.push_status, 0) <> ${PushStatus.withdrawn}`),
        ),
      ),
    ]),
  );
  const unwanted = new Map(
    (await withdrawn.execute()).map(({ target, state, rows }) => [`${state} ${target}`, Number(rows)]),
  );
  const byTarget = new Map<string, Record<string, number>>();
  for (const { target, state, rows } of await all.execute()) {
    const left = Number(rows) - (unwanted.get(`${state} ${target}`) ?? 0);
    if (left > 0) byTarget.set(target, { ...byTarget.get(target), [state]: left });
  }
  return [...byTarget].map(([target, copies]) => ({ target, copies }));
}

/** Tags that rollbacks hold. */
export async function countHeld(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('image_copies')
    .select((is) => is.fn.countAll().as('tags'))
    .where(isHeld)
    .executeTakeFirst();
  return Number(row?.tags ?? 0);
}
