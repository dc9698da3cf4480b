/** Moves rows of the two tables with generated IDs: they get new IDs in the other database. */
import { sql } from 'kysely';

import type { DialectDifferences, Queries, RowValues } from '../dialect-differences.js';
import { pagesOf } from '../insert-rows.js';
import type { MovedTable } from './moved-tables.js';

const pageSize = 500;

interface NumberedTable {
  readonly table: 'images_for_push' | 'pushed_images';
  /** NULL in rows without an identity, and in duplicates. */
  readonly key: 'image_key' | 'name_key';
  /** Columns that distinguish rows without a key. */
  readonly distinguishing: readonly string[];
}

const wantedTable: NumberedTable = {
  table: 'images_for_push',
  key: 'image_key',
  distinguishing: ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'],
};
const pushedTable: NumberedTable = {
  table: 'pushed_images',
  key: 'name_key',
  distinguishing: ['target_registry_url', 'registry_image_name', 'orig_image_name', 'platform'],
};

export async function moveNumberedRows(
  from: Queries,
  into: Queries,
  dialect: DialectDifferences,
): Promise<readonly MovedTable[]> {
  const wanted = await moveTable(wantedTable, from, into);
  const pushed = await moveTable(pushedTable, from, into);
  const platforms = await movePlatforms(pushed, { from, into, dialect });
  return [wanted.count, pushed.count, platforms];
}

interface Moved {
  readonly count: MovedTable;
  /** IDs in the file mapped to IDs in the database, for moved and existing rows. */
  readonly ids: ReadonlyMap<number, number>;
  readonly inserted: ReadonlySet<number>;
}

async function moveTable({ table, key, distinguishing }: NumberedTable, from: Queries, into: Queries): Promise<Moved> {
  const columns = await sharedColumns(table, from, into);
  const ids = new Map<number, number>();
  const taken = new Set<number>();
  const inserted = new Set<number>();
  const followers: { readonly id: number; readonly first: number }[] = [];
  let rows = 0;
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const page = await sql<RowValues & { readonly id: number }>`select * from ${sql.table(table)}
      where id > ${after} order by id limit ${pageSize}`.execute(from);
    for (const row of page.rows) {
      rows += 1;
      const known =
        row[key] === null
          ? await likeIt(table, distinguishing, { row, into, taken })
          : await byKey(table, key, row, into);
      const id = known ?? (await insert(table, columns, row, into));
      ids.set(row.id, id);
      taken.add(id);
      if (known === undefined) inserted.add(row.id);
      const first = row['duplicate_of'];
      if (known === undefined && typeof first === 'number') followers.push({ id, first });
    }
    const last = page.rows.at(-1);
    if (last === undefined || page.rows.length < pageSize) break;
    after = last.id;
  }
  for (const { id, first } of followers) {
    await sql`update ${sql.table(table)} set duplicate_of = ${ids.get(first) ?? null} where id = ${id}`.execute(into);
  }
  return { count: { table, rows, moved: inserted.size, kept: rows - inserted.size }, ids, inserted };
}

async function byKey(table: string, key: string, row: RowValues, into: Queries): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`select id from ${sql.table(table)}
    where ${sql.ref(key)} = ${row[key]} limit 1`.execute(into);
  return rows[0]?.id;
}

/** Finds a row that was moved before, so that a repeated move does not duplicate it. */
async function likeIt(
  table: string,
  distinguishing: readonly string[],
  { row, into, taken }: { row: RowValues; into: Queries; taken: ReadonlySet<number> },
): Promise<number | undefined> {
  const same = distinguishing.map((column) => {
    const value = row[column] ?? null;
    return value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`;
  });
  const { rows } = await sql<{ id: number }>`select id from ${sql.table(table)}
    where ${sql.join(same, sql` and `)} order by id`.execute(into);
  return rows.find(({ id }) => !taken.has(id))?.id;
}

async function insert(table: string, columns: readonly string[], row: RowValues, into: Queries): Promise<number> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = sql.join(columns.map((column) => row[column] ?? null));
  const { insertId } = await sql`insert into ${sql.table(table)} (${names}) values (${values})`.execute(into);
  return Number(insertId);
}

/** Columns of both tables, without the ID and `duplicate_of`, which change. */
async function sharedColumns(table: string, from: Queries, into: Queries): Promise<readonly string[]> {
  const described = async (queries: Queries): Promise<readonly string[]> => {
    const tables = await queries.introspection.getTables({ withInternalKyselyTables: false });
    return tables.find(({ name }) => name === table)?.columns.map(({ name }) => name) ?? [];
  };
  const there = new Set(await described(into));
  return (await described(from)).filter((name) => there.has(name) && name !== 'id' && name !== 'duplicate_of');
}

/** Moves the platforms of moved rows; those of existing rows are not changed. */
async function movePlatforms(
  { ids, inserted }: Moved,
  { from, into, dialect }: { from: Queries; into: Queries; dialect: DialectDifferences },
): Promise<MovedTable> {
  const { rows } = await sql<RowValues & { readonly pushed_id: number }>`select * from pushed_platforms`.execute(from);
  const own = rows.filter((row) => inserted.has(row.pushed_id));
  const renumbered = own.map((row) => ({ ...row, pushed_id: ids.get(row.pushed_id) ?? 0 }));
  let moved = 0;
  for (const page of pagesOf(renumbered)) {
    moved += await dialect.insertAbsent(into, 'pushed_platforms', page, ['pushed_id', 'platform', 'digest']);
  }
  return { table: 'pushed_platforms', rows: rows.length, moved, kept: rows.length - moved };
}
