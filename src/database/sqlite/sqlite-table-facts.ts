import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import { groupedBy } from '../forms/table-facts.js';
import type { ColumnFacts, IndexFacts, TableFacts } from '../forms/table-facts.js';

/** Facts by the requested names in lower case, without missing tables. */
export async function readSqliteTableFacts(
  queries: Queries,
  names: readonly string[],
): Promise<ReadonlyMap<string, TableFacts>> {
  const { rows } = await sql<{ name: string; kind: string; definition: string | null }>`
    select name, type as kind, sql as definition from sqlite_master
    where type in ('table', 'view') and lower(name) in (${sql.join([...names])})`.execute(queries);
  const found = new Map<string, TableFacts>();
  for (const { name, kind, definition } of rows) {
    const hasRowIds = !/\bwithout\s+rowid\b[^()]*$/i.test(definition ?? '');
    found.set(name.toLowerCase(), {
      // Table names are case-insensitive.
      name: name.toLowerCase(),
      kind: kind === 'table' ? 'table' : 'view',
      isPartitioned: false,
      columns: await readColumns(queries, name, hasRowIds),
      indexes: await readIndexes(queries, name),
      // SQLite does not enforce foreign keys by default, and its triggers cannot fill columns.
      foreignKeys: [],
      checks: [],
      hasInsertTrigger: false,
    });
  }
  return found;
}

async function readColumns(queries: Queries, table: string, hasRowIds: boolean): Promise<ColumnFacts[]> {
  const { rows } = await sql<{
    name: string;
    type: string;
    required: number;
    standard: string | null;
    key: number;
    hidden: number;
  }>`select name, type, "notnull" as required, dflt_value as standard, pk as key, hidden
    from pragma_table_xinfo(${table})`.execute(queries);
  const keys = rows.filter(({ key }) => key > 0).length;
  return rows.map(({ name, type, required, standard, key, hidden }) => ({
    name: name.toLowerCase(),
    spelling: name,
    type,
    base: (/^[a-z ]+/i.exec(type)?.[0] ?? '').trim().toLowerCase(),
    isNullable: required === 0,
    hasDefault: standard !== null || required === 0,
    isGenerated: hidden === 2 || hidden === 3,
    // Only such a column is the row ID (sqlite.org/lang_createtable.html, 5).
    isNumbered: hasRowIds && key > 0 && keys === 1 && type.toLowerCase() === 'integer',
  }));
}

async function readIndexes(queries: Queries, table: string): Promise<IndexFacts[]> {
  const { rows } = await sql<{ name: string; unique: number; column: string | null }>`
    select list.name as name, list."unique" as "unique", info.name as "column"
    from pragma_index_list(${table}) as list, pragma_index_info(list.name) as info
    order by list.name, info.seqno`.execute(queries);
  const byName = groupedBy(
    rows,
    ({ name }) => name,
    (row) => row,
  );
  return [...byName].map(([name, parts]) => ({
    name,
    columns: parts.map(({ column }) => (column ?? '').toLowerCase()),
    isUnique: parts[0]?.unique === 1,
  }));
}
