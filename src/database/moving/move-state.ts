/** Copies the whole state of one database into another. */
import { sql } from 'kysely';

import { DatabaseFault } from '../database-fault.js';
import type { Queries, RowValues, TableName } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { tablesByKey } from './moved-tables.js';
import type { MovedTable } from './moved-tables.js';
import { moveNumberedRows } from './numbered-rows.js';

const pageSize = 500;

/**
 * moveState copies every row that the target database lacks, in one transaction: an interrupted move changes nothing, and a
 * repeated one moves new rows. Existing rows of the target database are never changed.
 * @param from opened read-only; its tables must be up to date
 * @throws DatabaseFault if the row counts do not match afterwards; nothing is moved then
 */
export async function moveState(from: FerryDatabase, into: FerryDatabase): Promise<readonly MovedTable[]> {
  return await into.transaction(async (inside) => {
    const before = await countAll(inside);
    const numbered = await moveNumberedRows(from.queries, inside, into.dialect);
    const moved = [...numbered];
    for (const [table, key] of Object.entries(tablesByKey)) {
      moved.push(await moveByKey(table as keyof typeof tablesByKey, key, { from, inside, into }));
    }
    const after = await countAll(inside);
    for (const { table, rows, moved: inserted, kept } of moved) {
      const grown = (after.get(table) ?? 0) - (before.get(table) ?? 0);
      if (grown === inserted && rows === inserted + kept) continue;
      throw new DatabaseFault(
        `${table} has ${rows} rows in the file, but ${grown} were added to ${into.place} and ${kept} existed there: nothing was moved. Stop other programs that write to it, and try again`,
        'refused',
      );
    }
    return moved;
  });
}

interface Move {
  readonly from: FerryDatabase;
  readonly inside: Queries;
  readonly into: FerryDatabase;
}

async function moveByKey(
  table: keyof typeof tablesByKey,
  key: readonly [string, ...string[]],
  { from, inside, into }: Move,
): Promise<MovedTable> {
  let rows = 0;
  let moved = 0;
  for (;;) {
    const order = sql.join(key.map((column) => sql.ref(column)));
    const page = await sql<RowValues>`select * from ${sql.table(table)} order by ${order}
      limit ${pageSize} offset ${rows}`.execute(from.queries);
    rows += page.rows.length;
    if (page.rows.length > 0) moved += await into.dialect.insertAbsent(inside, table, page.rows, key);
    if (page.rows.length < pageSize) return { table, rows, moved, kept: rows - moved };
  }
}

async function countAll(queries: Queries): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const tables: readonly TableName[] = [
    'images_for_push',
    'pushed_images',
    'pushed_platforms',
    ...(Object.keys(tablesByKey) as (keyof typeof tablesByKey)[]),
  ];
  for (const table of tables) {
    const { rows } = await sql<{ rows: number | string }>`select count(*) as \`rows\` from ${sql.table(table)}`.execute(
      queries,
    );
    counts.set(table, Number(rows[0]?.rows));
  }
  return counts;
}
