import { sql } from 'kysely';

import type { DialectDifferences, RowValues, TableName } from './dialect-differences.js';

/** SQLite: one machine, hence one clock; a writing transaction has the whole file, hence nothing to lock. */
export const sqliteDifferences: DialectDifferences = {
  kind: 'sqlite',
  now() {
    return Promise.resolve(Date.now());
  },
  async insertAbsent(queries, table, rows, key) {
    let inserted = 0;
    for (const row of rows) {
      const conflict = sql`on conflict (${sql.join(key.map((column) => sql.ref(column)))}) do nothing`;
      const result = await sql`${insert(table, row)} ${conflict}`.execute(queries);
      inserted += Number(result.numAffectedRows ?? 0);
    }
    return inserted;
  },
  async upsert(queries, table, rows, key) {
    for (const row of rows) {
      const updated = Object.keys(row).filter((column) => !key.includes(column));
      const updates = updated.map((column) => sql`${sql.ref(column)} = ${sql.ref(`excluded.${column}`)}`);
      const conflict = sql`on conflict (${sql.join(key.map((column) => sql.ref(column)))}) do update set ${sql.join(updates)}`;
      await sql`${insert(table, row)} ${conflict}`.execute(queries);
    }
  },
  locking(query) {
    return query;
  },
};

function insert(table: TableName, row: RowValues) {
  const columns = Object.keys(row);
  const names = sql.join(columns.map((column) => sql.ref(column)));
  return sql`insert into ${sql.table(table)} (${names}) values (${sql.join(columns.map((column) => row[column] ?? null))})`;
}
