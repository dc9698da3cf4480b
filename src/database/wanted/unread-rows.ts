/** Rows that another program inserted or reset and no sync run has normalized yet: read without changing them. */
import type { ExpressionBuilder } from 'kysely';

import type { InvalidInput } from '../../domain/ferry-error.js';
import { PushStatus } from '../../domain/wanted-image.js';
import { identityOrFault } from '../adoption/naming-rows.js';
import type { RowIdentity } from '../row-shapes.js';
import type { FerryTables } from '../tables.js';
import { highestId, lowestId } from './wanted-rows.js';

/** In SQL: the rows that {@link readUnread} reads. */
export function isNotNormalized(is: ExpressionBuilder<FerryTables, 'images_for_push'>) {
  return is.and([is.between('id', lowestId, highestId), is.or([is('is_unread', '=', 1), is('is_reset', '=', 1)])]);
}

/** The identity of a row that is not normalized yet, or why it has none; undefined for a normalized row. */
export function readUnread(
  row: Parameters<typeof identityOrFault>[0] & {
    readonly id: number;
    readonly push_status: number | null;
    readonly ferry_status: number | null;
    readonly image_key: string | null;
    readonly blocked_code: string | null;
  },
): RowIdentity | InvalidInput | undefined {
  if (!Number.isSafeInteger(row.id)) return undefined;
  const status = row.push_status ?? PushStatus.pending;
  const isSettled = row.push_status === PushStatus.blocked || row.push_status === PushStatus.withdrawn;
  const isRefused = isSettled && row.blocked_code !== null;
  const isNew = row.image_key === null && !isRefused;
  const wasReset = status === PushStatus.pending && row.ferry_status !== status;
  const neverSeen = row.push_status === null && row.ferry_status === null;
  return isNew || (wasReset && !neverSeen) ? identityOrFault(row) : undefined;
}
