/** Finds rows by the state that users see, in parts: each is read by an index in the order of its IDs, without sorting. */
import { sql } from 'kysely';
import type { ExpressionBuilder, SqlBool, Expression } from 'kysely';

import { PushStatus } from '../../domain/wanted-image.js';
import { hasOpenCopy } from '../pushed/open-copies.js';
import type { WantedState } from '../status-views.js';
import type { FerryTables } from '../tables.js';
import { highestId, lowestId } from './wanted-rows.js';

type Part = (is: ExpressionBuilder<FerryTables, 'images_for_push'>) => Expression<SqlBool>;

const withStatus =
  (status: PushStatus | null): Part =>
  (is) =>
    is.and([status === null ? is('push_status', 'is', null) : is('push_status', '=', status), isUsable(is)]);

/** A row whose ID the drivers do not read exactly is blocked. */
const isUsable: Part = (is) => is.between(sql<number>`+id`, lowestId, highestId);

const isNotWithdrawn: Part = (is) => sql<SqlBool>`coalesce(${is.ref('push_status')}, 0) <> ${PushStatus.withdrawn}`;

const ofState: Readonly<Record<WantedState, readonly Part[]>> = {
  pending: [
    withStatus(PushStatus.pending),
    withStatus(null),
    (is) =>
      is.and([
        is('is_claimed', '=', 1),
        is('push_status', '=', PushStatus.pushed),
        is('duplicate_of', 'is', null),
        isUsable(is),
      ]),
  ],
  // With a bare column, another index would be used, whose order is not that of the IDs.
  pushed: [(is) => is.and([withStatus(PushStatus.pushed)(is), is(sql`+is_claimed`, 'is', null)])],
  blocked: [
    withStatus(PushStatus.blocked),
    (is) => is.and([is('push_status', '<', PushStatus.pending), isUsable(is)]),
    (is) => is.and([is('push_status', '>', PushStatus.withdrawn), isUsable(is)]),
    (is) => is.and([is('id', '<', lowestId), isNotWithdrawn(is)]),
    (is) => is.and([is('id', '>', highestId), isNotWithdrawn(is)]),
  ],
  withdrawn: [(is) => is('push_status', '=', PushStatus.withdrawn)],
};

/** The conditions of the parts of a list; a row fits at most one. */
export function partsOf(which: 'wanted' | 'waiting' | WantedState): readonly Part[] {
  if (which === 'wanted') return [isNotWithdrawn];
  if (which !== 'waiting') return ofState[which];
  return [(is) => is.and([is('push_status', '=', PushStatus.pending), hasOpenCopy(is)])];
}
