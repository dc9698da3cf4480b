import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

import type { RowValues, TableName } from './dialect-differences.js';

/** Rows per statement: even with the widest table far below SQLite's parameter limit (32,766). */
const pageSize = 500;

/** `insert … values (…), (…)` in both dialects. All rows must have the columns of the first row. */
export function insertRows(table: TableName, rows: readonly RowValues[]): RawBuilder<unknown> {
  const columns = columnsOf(rows);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column] ?? null))})`);
  return sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`;
}

export function columnsOf(rows: readonly RowValues[]): readonly string[] {
  return Object.keys(rows[0] ?? {});
}

/** Splits rows, or keys of a query, into pages for one statement each. */
export function pagesOf<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / pageSize);
  return Array.from({ length: count }, (_, page) => rows.slice(page * pageSize, (page + 1) * pageSize));
}
