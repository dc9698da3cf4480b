/** Whether the tables that are there can be worked with, looked at before anything is changed. */
import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { PUSHED_COLUMNS, WANTED_COLUMNS } from '../migrations/0002-ferry-columns.js';
import { COPY_TABLES } from '../migrations/0003-copies.js';
import { HISTORY_TABLES } from '../migrations/0004-history.js';
import { PULL_TABLES } from '../migrations/0005-pull-budgets.js';
import { UPSTREAM_TABLE } from '../migrations/0006-upstreams.js';
import { privilegeFault } from '../mysql/mysql-privileges.js';
import { readMysqlTableFacts } from '../mysql/mysql-table-facts.js';
import { readSqliteTableFacts } from '../sqlite/sqlite-table-facts.js';
import type { ColumnShape, TableShape } from '../table-shape.js';
import { highestId } from '../wanted/wanted-rows.js';
import { checkFaults } from './check-faults.js';
import { missing, ownColumnFaults, sharedColumnFaults, spelledOtherwise } from './column-faults.js';
import { addedColumnFaults, foreignTableFault, mysqlType } from './foreign-faults.js';
import { formatIssue } from './form-fault.js';
import type { FormFault } from './form-fault.js';
import { hasUniqueId, highIdFault, idFaults, moveRows, repeatedIdFault } from './id-faults.js';
import { SHARED_COLUMNS } from './shared-tables.js';
import type { SharedTable } from './shared-tables.js';
import type { TableFacts } from './table-facts.js';
import { forSqlite } from './sqlite-statements.js';
import { narrowIndexNotes } from './unique-index-notes.js';

/** A table of an engine without transactions, which is rebuilt only when a person says so. */
export interface Conversion {
  readonly table: string;
  readonly engine: string;
  readonly rows: number;
  readonly megabytes: number;
}

export interface TableForms {
  /** What keeps the ferry from working, a sentence each. */
  readonly faults: readonly string[];
  readonly conversions: readonly Conversion[];
  /** What works, but not in every case. */
  readonly notes: readonly string[];
  /** What the takeover is going to rebuild without being told to. */
  readonly rebuilt: readonly string[];
}

/** Columns that the ferry adds to the tables of the older scripts. */
const ADDED: Readonly<Record<SharedTable, Readonly<Record<string, ColumnShape>>>> = {
  images_for_push: WANTED_COLUMNS,
  pushed_images: PUSHED_COLUMNS,
};
const sharedTables = ['images_for_push', 'pushed_images'] as const;

const OWN_TABLES: readonly TableShape[] = [...COPY_TABLES, ...HISTORY_TABLES, ...PULL_TABLES, UPSTREAM_TABLE];

/** @param isMigrated every step of the migration has been made: then every column has to be there */
export async function examineTables(
  { queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>,
  { isMigrated }: { readonly isMigrated: boolean },
): Promise<TableForms> {
  const { kind } = dialect;
  const names = [...sharedTables, ...OWN_TABLES.map(({ name }) => name)];
  const tables = await readFacts(kind)(queries, names);
  const faults: FormFault[] = [];
  for (const table of sharedTables) {
    const facts = tables.get(table);
    if (facts === undefined) continue;
    const ofTable = tableFaults(table, facts);
    faults.push(...ofTable);
    // What is no table of the ferry's database has no columns worth telling of.
    if (ofTable.length === 0) faults.push(...(await columnFaults(table, facts, queries, { kind, isMigrated })));
  }
  for (const shape of OWN_TABLES) {
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

/** What unique indexes of other programs refuse of a table. */
export async function narrowIndexNotesOf(
  { queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>,
  table: SharedTable,
): Promise<readonly string[]> {
  const facts = (await readFacts(dialect.kind)(queries, [table])).get(table);
  return facts === undefined ? [] : narrowIndexNotes(facts, dialect.kind);
}

/** Whether neither the older scripts' tables nor the ferry's are there. */
export async function hasNoTables({ queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>): Promise<boolean> {
  return (await readFacts(dialect.kind)(queries, sharedTables)).size === 0;
}

const readFacts = (kind: 'mysql' | 'sqlite') => (kind === 'mysql' ? readMysqlTableFacts : readSqliteTableFacts);

function tableFaults(table: SharedTable, facts: TableFacts): readonly FormFault[] {
  if (facts.name !== table) {
    const statements = [`RENAME TABLE ${facts.name} TO ${table}`];
    return [{ table: facts.name, what: `is written otherwise, and this server tells ${table} apart`, statements }];
  }
  switch (facts.kind) {
    case 'table':
      break;
    case 'view':
      return [{ table, what: 'is a view, and the ferry adds columns and indexes', todo: moveRows(table) }];
    case 'versioned': {
      const statements = [`ALTER TABLE ${table} drop system versioning`];
      return [
        { table, what: 'keeps its history (system versioning), and the server adds no column to it', statements },
      ];
    }
    case 'other':
      return [{ table, what: 'is no table that rows are kept in', todo: 'rename it' }];
    default:
      return facts.kind satisfies never;
  }
  if (!facts.isPartitioned) return [];
  const statements = [`ALTER TABLE ${table} remove partitioning`];
  return [
    { table, what: 'is partitioned, and a unique index of the ferry would have to hold its columns', statements },
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
  const shapes = ADDED[table];
  const absent = Object.keys({ ...SHARED_COLUMNS[table], ...shapes }).filter(
    (column) => !facts.columns.some(({ name }) => name === column),
  );
  const needed = (column: string) => SHARED_COLUMNS[table][column]?.isNeeded === true;
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
  const shape = ADDED[table][column];
  const use = SHARED_COLUMNS[table][column]?.use;
  if (kind === 'sqlite') {
    const isNumber = use === 'status' || shape?.type === 'integer' || shape?.type === 'bigint';
    return isNumber ? 'integer' : 'text';
  }
  return SHARED_COLUMNS[table][column]?.mysql ?? `${mysqlType(shape?.type ?? 'long-text')} null`;
}

async function hasRepeatedIds(queries: Queries, table: SharedTable): Promise<boolean> {
  const { rows } = await sql`select 1 from ${sql.table(table)} group by id having count(*) > 1 limit 1`.execute(
    queries,
  );
  return rows.length > 0;
}

/** Rows of `images_for_push` with such an id are shown, and left alone. */
async function highestIfTooHigh(queries: Queries): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`select cast(id as char) as id from pushed_images
    where id > ${highestId} order by pushed_images.id desc limit 1`.execute(queries);
  return rows[0]?.id;
}

function conversionOf({ name, engine, rows = 0, megabytes = 0 }: TableFacts): readonly Conversion[] {
  return engine === undefined || engine === 'innodb' ? [] : [{ table: name, engine, rows, megabytes }];
}

/** Row formats that hold no long indexes. */
function hasOldRows({ engine, rowFormat }: TableFacts): boolean {
  return engine === 'innodb' && (rowFormat === 'compact' || rowFormat === 'redundant');
}
