/** Common changes of rows of `images_for_push`. */
import { sql } from 'kysely';
import type { RawBuilder, SqlBool, UpdateObject } from 'kysely';

import { PushStatus } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryTables } from '../tables.js';

/** IDs that drivers return exactly as numbers; rows with other IDs are shown but not processed. */
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
  // An ID that the driver cannot read exactly could be the ID of another row.
  const exact = ids.filter((id) => Number.isSafeInteger(id));
  if (exact.length === 0) return;
  const written = { push_status: status, ferry_status: status };
  await updateWanted(queries, { ...written, ...beside })
    .where('id', 'in', exact)
    .execute();
  await updateWanted(queries, written).where('duplicate_of', 'in', exact).execute();
}

/** Keeps `add_time`, which some tables update automatically. */
export function updateWanted(queries: Queries, values: WantedUpdate) {
  return queries
    .updateTable('images_for_push')
    .set(values)
    .set({ add_time: sql<string>`add_time` });
}

/**
 * The status in a query that finds rows by image. Without statistics SQLite would use the index of a bare column and read
 * every row with that status for each image. The `+` only prevents that.
 */
export const statusBesideImage = sql<number | null>`+push_status`;

/**
 * `duplicate_of` in a query that finds rows by something else. Nearly all rows have NULL, but both databases would use the
 * index of a bare column; MySQL ignores a `+`.
 */
export const firstRow = sql<number | null>`coalesce(duplicate_of, null)`;

/** Rows that are not withdrawn; NULL is pending. */
export const isWanted = sql<SqlBool>`(push_status is null or push_status <> ${PushStatus.withdrawn})`;

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
    .where(firstRow, 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}

/** An expression with a different value per row, for the `set` of one statement that updates them all. */
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

/** Columns that are cleared when a row is requested again. */
export const forgotten = {
  blocked_code: null,
  blocked_reason: null,
  first_missing_at: null,
  note: null,
} as const satisfies WantedUpdate;

/**
 * For `requested_at`: the database's time, but always later than the row's last request, even if the clock was set back.
 * Otherwise an outcome could count as the answer to a later request.
 */
export function askedAt(now: number) {
  return sql<number>`case when requested_at >= ${now} then requested_at + 1 else ${now} end`;
}
