import { sql } from 'kysely';

import type { DialectDifferences } from '../dialect-differences.js';
import { columnsOf, insertRows, pagesOf } from '../insert-rows.js';

/** SQLite: one machine with one clock; a writing transaction locks the whole file, so rows need no locks. */
export const sqliteDifferences: DialectDifferences = {
  kind: 'sqlite',
  now() {
    return Promise.resolve(Date.now());
  },
  clock() {
    return sql<number>`${Date.now()}`;
  },
  async insertAbsent(queries, table, rows) {
    let inserted = 0;
    for (const page of pagesOf(rows)) {
      // Like MySQL, it ignores conflicts with any unique index: the caller checks which rows exist.
      const result = await sql`${insertRows(table, page)} on conflict do nothing`.execute(queries);
      inserted += Number(result.numAffectedRows ?? 0);
    }
    return inserted;
  },
  async upsert(queries, table, rows, key) {
    const updated = columnsOf(rows).filter((column) => !key.includes(column));
    const updates = updated.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`);
    for (const page of pagesOf(rows)) {
      await sql`${insertRows(table, page)} ${onConflict(key)} do update set ${sql.join(updates)}`.execute(queries);
    }
  },
  async deleteSome(queries, table, { age, below, limit }) {
    const some = sql`select rowid from ${sql.table(table)} where ${age} < ${below} limit ${limit}`;
    const result = await sql`delete from ${sql.table(table)} where rowid in (${some})`.execute(queries);
    return Number(result.numAffectedRows ?? 0);
  },
  byPrimaryKey: (table) => sql.table(table),
  holdsNul(columns) {
    // The driver returns a text only up to its first NUL: the rest would be lost silently.
    const places = columns.map((column) => sql`instr(coalesce(${sql.ref(column)}, ''), char(0))`);
    return sql<number>`(${sql.join(places, sql` + `)})`;
  },
  locking(query) {
    return query;
  },
};

function onConflict(key: readonly string[]) {
  return sql`on conflict (${sql.join(key.map((column) => sql.ref(column)))})`;
}
