import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import { groupedBy } from '../forms/table-facts.js';
import type { ColumnFacts, IndexFacts, TableFacts } from '../forms/table-facts.js';

const kinds: Readonly<Record<string, TableFacts['kind']>> = {
  'BASE TABLE': 'table',
  VIEW: 'view',
  'SYSTEM VERSIONED': 'versioned',
};

/** Facts by the requested names in lower case, without missing tables. */
export async function readMysqlTableFacts(
  queries: Queries,
  names: readonly string[],
): Promise<ReadonlyMap<string, TableFacts>> {
  const tables = await readTables(queries, names);
  if (tables.size === 0) return new Map();
  const stored = [...tables.values()].map(({ name }) => name);
  const columns = await readColumns(queries, stored);
  const indexes = await readIndexes(queries, stored);
  const foreignKeys = await readForeignKeys(queries, stored);
  const checks = await readChecks(queries, stored);
  const withTrigger = await tablesWithInsertTrigger(queries, stored);
  return new Map(
    [...tables].map(([key, table]) => [
      key,
      {
        ...table,
        columns: columns.get(table.name) ?? [],
        indexes: indexes.get(table.name) ?? [],
        foreignKeys: foreignKeys.get(table.name) ?? [],
        checks: checks.get(table.name) ?? [],
        hasInsertTrigger: withTrigger.has(table.name),
      },
    ]),
  );
}

type TableLine = Omit<TableFacts, 'columns' | 'indexes' | 'foreignKeys' | 'checks' | 'hasInsertTrigger'>;

async function readTables(queries: Queries, names: readonly string[]): Promise<Map<string, TableLine>> {
  const { rows } = await sql<{
    name: string;
    kind: string;
    engine: string | null;
    format: string | null;
    rows: number | null;
    bytes: number | string | null;
    options: string | null;
    folding: number;
  }>`select table_name as name, table_type as kind, engine as engine, row_format as format, table_rows as \`rows\`,
      data_length + index_length as bytes, create_options as options, @@lower_case_table_names as folding
    from information_schema.tables
    where table_schema = database() and lower(table_name) in (${sql.join([...names])})`.execute(queries);
  const found = new Map<string, TableLine>();
  for (const { name, kind, engine, format, rows: count, bytes, options, folding } of rows) {
    const key = name.toLowerCase();
    // A case-sensitive server may have several; the one with the exact name is used.
    if (found.has(key) && name !== key) continue;
    found.set(key, {
      // On a case-insensitive server the table is found by any spelling.
      name: folding === 0 ? name : key,
      kind: kinds[kind] ?? 'other',
      engine: engine?.toLowerCase(),
      rowFormat: format?.toLowerCase(),
      rows: count === null ? undefined : Number(count),
      megabytes: bytes === null ? undefined : Math.ceil(Number(bytes) / 1_000_000),
      isPartitioned: /partitioned/i.test(options ?? ''),
    });
  }
  return found;
}

async function readColumns(queries: Queries, tables: readonly string[]): Promise<Map<string, ColumnFacts[]>> {
  const { rows } = await sql<{
    table: string;
    name: string;
    type: string;
    base: string;
    length: number | string | null;
    nullable: string;
    standard: string | null;
    extra: string;
  }>`select table_name as \`table\`, column_name as name, column_type as type, data_type as base,
      character_maximum_length as length, is_nullable as nullable, column_default as standard, extra as extra
    from information_schema.columns
    where table_schema = database() and table_name in (${sql.join([...tables])})
    order by table_name, ordinal_position`.execute(queries);
  return groupedBy(
    rows,
    ({ table }) => storedName(table, tables),
    ({ name, type, base, length, nullable, standard, extra }) => ({
      name: name.toLowerCase(),
      type: text(type),
      base: text(base).toLowerCase(),
      length: length === null ? undefined : Number(length),
      isNullable: nullable === 'YES',
      hasDefault: standard !== null || nullable === 'YES',
      isGenerated: /(virtual|stored|persistent) generated/i.test(extra),
      isNumbered: /auto_increment/i.test(extra),
    }),
  );
}

async function readIndexes(queries: Queries, tables: readonly string[]): Promise<Map<string, IndexFacts[]>> {
  const { rows } = await sql<{ table: string; name: string; column: string | null; repeats: number | string }>`
    select table_name as \`table\`, index_name as name, column_name as \`column\`, non_unique as repeats
    from information_schema.statistics
    where table_schema = database() and table_name in (${sql.join([...tables])})
    order by table_name, index_name, seq_in_index`.execute(queries);
  const byTable = groupedBy(
    rows,
    ({ table }) => storedName(table, tables),
    (row) => row,
  );
  return new Map(
    [...byTable].map(([table, parts]) => {
      const byName = groupedBy(
        parts,
        ({ name }) => name,
        (part) => part,
      );
      const indexes = [...byName].map(([name, columns]) => ({
        name,
        columns: columns.map(({ column }) => (column ?? '').toLowerCase()),
        isUnique: Number(columns[0]?.repeats) === 0,
      }));
      return [table, indexes];
    }),
  );
}

async function readForeignKeys(queries: Queries, tables: readonly string[]) {
  const { rows } = await sql<{ table: string; name: string; column: string; references: string }>`
    select table_name as \`table\`, constraint_name as name, column_name as \`column\`,
      referenced_table_name as \`references\`
    from information_schema.key_column_usage
    where table_schema = database() and table_name in (${sql.join([...tables])})
      and referenced_table_name is not null`.execute(queries);
  return groupedBy(
    rows,
    ({ table }) => storedName(table, tables),
    ({ name, column, references }) => ({ name, column: column.toLowerCase(), references }),
  );
}

async function readChecks(queries: Queries, tables: readonly string[]) {
  const { rows } = await sql<{ table: string; name: string; clause: string }>`
    select named.table_name as \`table\`, held.constraint_name as name, held.check_clause as clause
    from information_schema.table_constraints as named join information_schema.check_constraints as held
      on held.constraint_schema = named.constraint_schema and held.constraint_name = named.constraint_name
    where named.table_schema = database() and named.constraint_type = 'CHECK'
      and named.table_name in (${sql.join([...tables])})`.execute(queries);
  return groupedBy(
    rows,
    ({ table }) => storedName(table, tables),
    ({ name, clause }) => ({ name, clause: text(clause) }),
  );
}

async function tablesWithInsertTrigger(queries: Queries, tables: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ table: string }>`
    select event_object_table as \`table\` from information_schema.triggers
    where event_object_schema = database() and event_object_table in (${sql.join([...tables])})
      and event_manipulation = 'INSERT' and action_timing = 'BEFORE'`.execute(queries);
  return new Set(rows.map(({ table }) => storedName(table, tables)));
}

/** On case-insensitive servers, `information_schema` may spell the name differently. */
function storedName(table: string, tables: readonly string[]): string {
  return tables.includes(table) ? table : table.toLowerCase();
}

/** MySQL 8 returns some columns of its dictionary as bytes. */
function text(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
