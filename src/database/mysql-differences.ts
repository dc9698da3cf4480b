import { sql } from 'kysely';

import type { DialectDifferences, RowValues, TableName } from './dialect-differences.js';

/** MySQL 8 and MariaDB, in the words that both understand: `VALUES(column)`, since only one of them knows `AS new`. */
export const mysqlDifferences: DialectDifferences = {
  kind: 'mysql',
  async now(queries) {
    const { rows } = await sql<{ ms: number | string }>`
      select cast(unix_timestamp(now(3)) * 1000 as unsigned) as ms`.execute(queries);
    return Number(rows[0]?.ms);
  },
  async insertAbsent(queries, table, rows, key) {
    if (rows.length === 0) return 0;
    // An update to what is there already counts as no row, since connections are opened without FOUND_ROWS.
    const result =
      await sql`${insert(table, rows)} on duplicate key update ${sql.ref(key[0])} = ${sql.ref(key[0])}`.execute(
        queries,
      );
    return Number(result.numAffectedRows ?? 0);
  },
  async upsert(queries, table, rows, key) {
    if (rows.length === 0) return;
    const updated = Object.keys(rows[0] ?? {}).filter((column) => !key.includes(column));
    const updates = updated.map((column) => sql`${sql.ref(column)} = values(${sql.ref(column)})`);
    await sql`${insert(table, rows)} on duplicate key update ${sql.join(updates)}`.execute(queries);
  },
  locking(query) {
    return query.forUpdate();
  },
};

function insert(table: TableName, rows: readonly RowValues[]) {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column] ?? null))})`);
  return sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))}) values ${sql.join(values)}`;
}
