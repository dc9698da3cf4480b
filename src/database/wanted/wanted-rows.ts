/** Changes of rows of `images_for_push` that every store makes in the same way. */
import { sql } from 'kysely';
import type { RawBuilder, UpdateObject } from 'kysely';

import type { PushStatus } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryTables } from '../tables.js';

/** Ids that drivers hand out exactly, as numbers; rows with others are shown to people and not worked with. */
export const lowestId = Number.MIN_SAFE_INTEGER;
export const highestId = Number.MAX_SAFE_INTEGER;

/** Columns to set, to values or expressions. */
export type WantedUpdate = UpdateObject<FerryTables, 'images_for_push'>;

/**
 * Sets the status of rows, nearly always a `PushStatus`, and of the duplicates that follow them. It records no event:
 * `changeStatus` does.
 */
export async function writeStatus(
  queries: Queries,
  ids: readonly number[],
  status: number,
  beside: WantedUpdate = {},
): Promise<void> {
  // One that the driver could not read exactly would be another row's.
  const exact = ids.filter((id) => Number.isSafeInteger(id));
  if (exact.length === 0) return;
  const written = { push_status: status, ferry_status: status };
  await updateWanted(queries, { ...written, ...beside })
    .where('id', 'in', exact)
    .execute();
  await updateWanted(queries, written).where('duplicate_of', 'in', exact).execute();
}

/** Leaves `add_time` alone, which at some sites MySQL itself would set with every update. */
export function updateWanted(queries: Queries, values: WantedUpdate) {
  return queries
    .updateTable('images_for_push')
    .set(values)
    .set({ add_time: sql<string>`add_time` });
}

/**
 * The status in a query that finds its rows by their image. SQLite keeps no statistics, and would take a bare column's
 * index instead: it would read every row of that status for each image. The `+` keeps it from that, and means nothing else.
 */
export const statusBesideImage = sql<number | null>`+push_status`;

/** Ids of the rows of images that have a status, without duplicates. */
export async function idsOfImages(
  queries: Queries,
  images: readonly string[],
  status: PushStatus,
): Promise<readonly number[]> {
  const rows = await queries
    .selectFrom('images_for_push')
    .select('id')
    .where('image', 'in', [...images])
    .where(statusBesideImage, '=', status)
    .where(sql`+duplicate_of`, 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}

/** A column's values where they differ from row to row, for the `set` of one statement that changes them all. */
export function perRow<R extends { readonly id: number }, T extends string | number | null>(
  rows: readonly R[],
  valueOf: (row: R) => T,
): RawBuilder<T> {
  const [first] = rows;
  if (first === undefined || rows.every((row) => valueOf(row) === valueOf(first))) {
    return sql<T>`${first === undefined ? null : valueOf(first)}`;
  }
  const cases = rows.map((row) => sql`when ${row.id} then ${valueOf(row)}`);
  return sql<T>`case id ${sql.join(cases, sql` `)} end`;
}

/** What a row forgets when it is wanted anew. */
export const forgotten = {
  blocked_code: null,
  blocked_reason: null,
  first_missing_at: null,
  note: null,
} as const satisfies WantedUpdate;

/**
 * For `requested_at`: the database's time, but always later than the row's last request, should the clock have been put
 * back; an outcome would otherwise be taken for the answer to a request that came after it.
 */
export function askedAt(now: number) {
  return sql<number>`case when requested_at >= ${now} then requested_at + 1 else ${now} end`;
}
