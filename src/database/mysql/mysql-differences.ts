import { sql } from 'kysely';

import type { DialectDifferences } from '../dialect-differences.js';
import { columnsOf, insertRows, pagesOf } from '../insert-rows.js';

const clock = sql<number>`cast(unix_timestamp(now(3)) * 1000 as unsigned)`;

/** MySQL 8 and MariaDB with their common syntax: `VALUES(column)`, since only one of them supports `AS new`. */
export const mysqlDifferences: DialectDifferences = {
  kind: 'mysql',
  async now(queries) {
    const { rows } = await sql<{ ms: number | string }>`select ${clock} as ms`.execute(queries);
    return Number(rows[0]?.ms);
  },
  clock() {
    return clock;
  },
  async insertAbsent(queries, table, rows, key) {
    let inserted = 0;
    for (const page of pagesOf(rows)) {
      // An update that changes nothing counts as no row, since connections are opened without FOUND_ROWS.
      const unchanged = sql`${sql.ref(key[0])} = ${sql.ref(key[0])}`;
      const result = await sql`${insertRows(table, page)} on duplicate key update ${unchanged}`.execute(queries);
      inserted += Number(result.numAffectedRows ?? 0);
    }
    return inserted;
  },
  async upsert(queries, table, rows, key) {
    const updated = columnsOf(rows).filter((column) => !key.includes(column));
    const updates = updated.map((column) => sql`${sql.ref(column)} = values(${sql.ref(column)})`);
    for (const page of pagesOf(rows)) {
      await sql`${insertRows(table, page)} on duplicate key update ${sql.join(updates)}`.execute(queries);
    }
  },
  async deleteSome(queries, table, { age, below, limit }) {
    const where = sql`${age} < ${below} order by ${age} limit ${limit}`;
    const result = await sql`delete from ${sql.table(table)} where ${where}`.execute(queries);
    return Number(result.numAffectedRows ?? 0);
  },
  byPrimaryKey: (table) => sql`${sql.table(table)} force index (primary)`,
  holdsNul() {
    // The driver returns texts with NUL unchanged, and the grammar of references refuses them.
    return sql<number>`0`;
  },
  locking(query) {
    return query.forUpdate();
  },
};
