/** The effective status of rows of `images_for_push`, whatever other programs wrote into them. */
import { sql } from 'kysely';

import type { FaultCode } from '../domain/ferry-error.js';
import { PushStatus, readPushStatus } from '../domain/wanted-image.js';
import { lowestId, highestId } from './wanted/wanted-rows.js';

/**
 * Whether another program marked a row as pushed, and the ferry has not verified it on every target; in SQL `is_claimed`.
 * The ferry also writes the status into its own column: if the two differ, another program changed it.
 */
export function isClaimedRow(row: {
  readonly push_status: number | null;
  readonly ferry_status: number | null;
  readonly verified_at: number | null;
}): boolean {
  return row.push_status === PushStatus.pushed && (row.verified_at === null || row.ferry_status !== PushStatus.pushed);
}

/** The status in SQL: unusable rows count as blocked, and unverified pushed rows as pending. @see unworkable */
export const effectiveStatus = sql<number>`case when push_status = ${PushStatus.withdrawn} then ${PushStatus.withdrawn}
  when id not between ${lowestId} and ${highestId} then ${PushStatus.blocked}
  when push_status is null then ${PushStatus.pending}
  when is_claimed = 1 then ${PushStatus.pending}
  when push_status in (${PushStatus.pending}, ${PushStatus.pushed}) then push_status
  else ${PushStatus.blocked} end`;

/** Why a row is unusable although its status is not blocked; undefined for a usable row. */
export function unworkable(row: {
  readonly id: number;
  readonly push_status: number | null;
}): { readonly code: FaultCode; readonly reason: string } | undefined {
  if (row.push_status === PushStatus.withdrawn) return undefined;
  if (!Number.isSafeInteger(row.id)) {
    return {
      code: 'invalid-row',
      reason: `the ID of the row is not between ${lowestId} and ${highestId}: change it in the database`,
    };
  }
  const status = readPushStatus(row.push_status);
  if (row.push_status === null || row.push_status === status) return undefined;
  return {
    code: 'invalid-row',
    reason: `push_status is ${String(row.push_status)}, which is unknown: set it to 0 (or run "ferry retry") to have the image copied, to 3 to withdraw it`,
  };
}

/** @see effectiveStatus */
export function shownStatusOf(row: Parameters<typeof isClaimedRow>[0] & { readonly id: number }): PushStatus {
  if (unworkable(row) !== undefined) return PushStatus.blocked;
  return isClaimedRow(row) ? PushStatus.pending : readPushStatus(row.push_status);
}
