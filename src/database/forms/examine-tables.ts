/** Checks whether existing tables are usable, before anything is changed. */
import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { pushedColumns, wantedColumns } from '../migrations/0002-ferry-columns.js';
import { privilegeFault } from '../mysql/mysql-privileges.js';
import { readMysqlTableFacts } from '../mysql/mysql-table-facts.js';
import { ownTables } from '../own-tables.js';
import { readSqliteTableFacts } from '../sqlite/sqlite-table-facts.js';
import type { ColumnShape } from '../table-shape.js';
import { highestId } from '../wanted/wanted-rows.js';
import { checkFaults } from './check-faults.js';
import { missing, ownColumnFaults, sharedColumnFaults, spelledOtherwise } from './column-faults.js';
import { addedColumnFaults, foreignTableFault, mysqlType } from './foreign-faults.js';
import { formatIssue } from './form-fault.js';
import type { FormFault } from './form-fault.js';
import { hasUniqueId, highIdFault, idFaults, moveRows, repeatedIdFault } from './id-faults.js';
import { sharedColumns } from './shared-tables.js';
import type { SharedTable } from './shared-tables.js';
import { forSqlite } from './sqlite-statements.js';
import type { TableFacts } from './table-facts.js';
import { narrowIndexNotes } from './unique-index-notes.js';

/** A table with an engine without transactions, which is converted only if a person requests it. */
export interface Conversion {
  readonly table: string;
  readonly engine: string;
  readonly rows: number;
  readonly megabytes: number;
}

export interface TableForms {
  /** Issues that prevent the ferry from working, one sentence each. */
  readonly faults: readonly string[];
  readonly conversions: readonly Conversion[];
  /** Issues that affect only some cases. */
  readonly notes: readonly string[];
  /** Tables that the takeover rebuilds automatically. */
  readonly rebuilt: readonly string[];
}

/** Columns that the ferry adds to the tables of the older scripts. */
const added: Readonly<Record<SharedTable, Readonly<Record<string, ColumnShape>>>> = {
  images_for_push: wantedColumns,
  pushed_images: pushedColumns,
};
const sharedTables = ['images_for_push', 'pushed_images'] as const;

/** @param isMigrated whether all migrations have run: then every column must exist */
export async function examineTables(
  { queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>,
  { isMigrated }: { readonly isMigrated: boolean },
): Promise<TableForms> {
  const { kind } = dialect;
  const names = [...sharedTables, ...ownTables.map(({ name }) => name)];
  const tables = await readFacts(kind)(queries, names);
  const faults: FormFault[] = [];
  for (const table of sharedTables) {
    const facts = tables.get(table);
    if (facts === undefined) continue;
    const ofTable = tableFaults(table, facts);
    faults.push(...ofTable);
    // Columns of an unusable table are not checked.
    if (ofTable.length === 0) faults.push(...(await columnFaults(table, facts, queries, { kind, isMigrated })));
  }
  for (const shape of ownTables) {
    const facts = tables.get(shape.name);
    const fault = facts === undefined ? undefined : foreignTableFault(shape, facts);
    if (fault !== undefined) faults.push(fault);
  }
  const lacking = kind === 'mysql' ? await privilegeFault(queries, { isMigrated }) : undefined;
  const shared = sharedTables.flatMap((table) => tables.get(table) ?? []).filter((facts) => facts.kind === 'table');
  return {
    faults: [
      ...faults.map((fault) => formatIssue(kind === 'sqlite' ? forSqlite(fault) : fault)),
      ...(lacking === undefined ? [] : [lacking]),
    ],
    conversions: shared.flatMap(conversionOf),
    notes: shared.flatMap((facts) => narrowIndexNotes(facts, kind)),
    rebuilt: isMigrated ? [] : shared.filter(hasOldRows).map(({ name }) => name),
  };
}

/** Notes about unique indexes of other programs that refuse rows of the ferry. */
export async function narrowIndexNotesOf(
  { queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>,
  table: SharedTable,
): Promise<readonly string[]> {
  const facts = (await readFacts(dialect.kind)(queries, [table])).get(table);
  return facts === undefined ? [] : narrowIndexNotes(facts, dialect.kind);
}

/** Whether the database has neither the older scripts' tables nor the ferry's. */
export async function hasNoTables({ queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>): Promise<boolean> {
  return (await readFacts(dialect.kind)(queries, sharedTables)).size === 0;
}

const readFacts = (kind: 'mysql' | 'sqlite') => (kind === 'mysql' ? readMysqlTableFacts : readSqliteTableFacts);

function tableFaults(table: SharedTable, facts: TableFacts): readonly FormFault[] {
  if (facts.name !== table) {
    const statements = [`RENAME TABLE ${facts.name} TO ${table}`];
    return [
      {
        table: facts.name,
        what: `differs from ${table} in upper and lower case, which this server distinguishes`,
        statements,
      },
    ];
  }
  switch (facts.kind) {
    case 'table':
      break;
    case 'view':
      return [{ table, what: 'is a view, but the ferry adds columns and indexes', todo: moveRows(table) }];
    case 'versioned': {
      const statements = [`ALTER TABLE ${table} drop system versioning`];
      return [{ table, what: 'is system-versioned, so the server cannot add columns', statements }];
    }
    case 'other':
      return [{ table, what: 'is not a table that stores rows', todo: 'rename it' }];
    default:
      return facts.kind satisfies never;
  }
  if (!facts.isPartitioned) return [];
  const statements = [`ALTER TABLE ${table} remove partitioning`];
  return [
    {
      table,
      what: 'is partitioned, so a unique index of the ferry would have to contain the partitioning columns',
      statements,
    },
  ];
}

async function columnFaults(
  table: SharedTable,
  facts: TableFacts,
  queries: Queries,
  { kind, isMigrated }: { readonly kind: 'mysql' | 'sqlite'; readonly isMigrated: boolean },
): Promise<readonly FormFault[]> {
  const id = facts.columns.find(({ name }) => name === 'id');
  const isSpelled = id === undefined || (id.spelling ?? 'id') === 'id';
  const ids = isSpelled ? idFaults(facts, kind) : [spelledOtherwise(table, id)];
  const isRepeated = ids.length === 0 && !hasUniqueId(facts) && (await hasRepeatedIds(queries, table));
  const highest = ids.length === 0 && table === 'pushed_images' ? await highestIfTooHigh(queries) : undefined;
  const shapes = added[table];
  const absent = Object.keys({ ...sharedColumns[table], ...shapes }).filter(
    (column) => !facts.columns.some(({ name }) => name === column),
  );
  const needed = (column: string) => sharedColumns[table][column]?.isNeeded === true;
  const lost = isMigrated ? absent.filter((column) => !needed(column)) : [];
  return [
    ...(isRepeated ? [repeatedIdFault(facts, kind)] : ids),
    ...(highest === undefined ? [] : [highIdFault(facts, highest)]),
    ...sharedColumnFaults(table, facts, kind),
    ...lost.map((column) => missing(table, column, typeOf(table, column, kind))),
    ...addedColumnFaults(table, facts, shapes, kind),
    ...ownColumnFaults(table, facts, Object.keys(shapes)),
    ...(await checkFaults(queries, table, facts)),
  ];
}

function typeOf(table: SharedTable, column: string, kind: 'mysql' | 'sqlite'): string {
  const shape = added[table][column];
  const use = sharedColumns[table][column]?.use;
  if (kind === 'sqlite') {
    const isNumber = use === 'status' || shape?.type === 'integer' || shape?.type === 'bigint';
    return isNumber ? 'integer' : 'text';
  }
  return sharedColumns[table][column]?.mysql ?? `${mysqlType(shape?.type ?? 'long-text')} null`;
}

async function hasRepeatedIds(queries: Queries, table: SharedTable): Promise<boolean> {
  const { rows } = await sql`select 1 from ${sql.table(table)} group by id having count(*) > 1 limit 1`.execute(
    queries,
  );
  return rows.length > 0;
}

/** Rows of `images_for_push` with such an ID are shown but not processed. */
async function highestIfTooHigh(queries: Queries): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`select cast(id as char) as id from pushed_images
    where id > ${highestId} order by pushed_images.id desc limit 1`.execute(queries);
  return rows[0]?.id;
}

function conversionOf({ name, engine, rows = 0, megabytes = 0 }: TableFacts): readonly Conversion[] {
  return engine === undefined || engine === 'innodb' ? [] : [{ table: name, engine, rows, megabytes }];
}

/** Row formats without support for long indexes. */
function hasOldRows({ engine, rowFormat }: TableFacts): boolean {
  return engine === 'innodb' && (rowFormat === 'compact' || rowFormat === 'redundant');
}
