import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

import type { RowValues, TableName } from './dialect-differences.js';

/** Rows in one statement: with the widest table still far from what SQLite takes as parameters (32,766). */
const pageSize = 500;

/** `insert … values (…), (…)` of both dialects. The first row names the columns; all rows have the same ones. */
export function insertRows(table: TableName, rows: readonly RowValues[]): RawBuilder<unknown> {
  const columns = columnsOf(rows);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column] ?? null))})`);
  return sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`;
}

export function columnsOf(rows: readonly RowValues[]): readonly string[] {
  return Object.keys(rows[0] ?? {});
}

/** As many rows at a time as one statement is to take; also for lists of keys to be looked up. */
export function pagesOf<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / pageSize);
  return Array.from({ length: count }, (_, page) => rows.slice(page * pageSize, (page + 1) * pageSize));
}
