import { setTimeout as delay } from 'node:timers/promises';

import { Kysely } from 'kysely';
import type { Dialect } from 'kysely';

import type { DatabaseSettings } from '../domain/database-settings.js';
import { DatabaseFault } from './database-fault.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { mysqlDifferences } from './mysql/mysql-differences.js';
import { sqliteDifferences } from './sqlite/sqlite-differences.js';
import type { FerryTables } from './tables.js';

/** An open database. The stores are created from it. */
export interface FerryDatabase {
  /** Its location, for messages. */
  readonly place: string;
  /** Notes for the user about the connection, such as missing encryption. */
  readonly notes: readonly string[];
  readonly queries: Queries;
  /** An object of this database alone: what is read once of a schema is kept by it. */
  readonly dialect: DialectDifferences;
  /**
   * Runs the work in a transaction and repeats it as a whole on a write conflict. The work must therefore consist only of
   * database statements through the given queries.
   */
  readonly transaction: <T>(work: (queries: Queries) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

const transactionAttempts = 8;
const longestPauseMs = 200;

/**
 * openDatabase opens the SQLite file or the MySQL database and creates it if it is missing; `migrate` creates the tables.
 * @throws DatabaseFault (`retry` if the server is unavailable, `block` if it refuses), with the server and user or the file
 */
export async function openDatabase(settings: DatabaseSettings): Promise<FerryDatabase> {
  if (settings.kind === 'mysql') return databaseOf(settings, await (await mysqlDatabase()).openMysql(settings));
  return databaseOf(settings, { dialect: (await sqliteDatabase()).openSqlite(settings.path), notes: [] });
}

/**
 * openDatabaseReadOnly opens an existing database for commands that change nothing. Writes fail.
 * @throws DatabaseFault also if it does not exist
 */
export async function openDatabaseReadOnly(settings: DatabaseSettings): Promise<FerryDatabase> {
  if (settings.kind === 'mysql') return databaseOf(settings, await (await mysqlDatabase()).openMysqlReadOnly(settings));
  return databaseOf(settings, { dialect: (await sqliteDatabase()).openSqliteReadOnly(settings.path), notes: [] });
}

/** Load only the driver that is used, to start commands faster. */
const mysqlDatabase = async () => await import('./mysql/mysql-database.js');
const sqliteDatabase = async () => await import('./sqlite/sqlite-database.js');

/** The location of a database: a file, or a name on a server. */
function databasePlace(settings: DatabaseSettings): string {
  if (settings.kind === 'sqlite') return settings.path;
  return `MySQL ${settings.host}:${settings.port}, database ${settings.database}`;
}

interface OpenedDialect {
  readonly dialect: Dialect;
  readonly notes: readonly string[];
  readonly endUnused?: () => Promise<void>;
}

function databaseOf(settings: DatabaseSettings, { dialect, notes, endUnused }: OpenedDialect): FerryDatabase {
  const queries = new Kysely<FerryTables>({ dialect });
  return {
    place: databasePlace(settings),
    notes,
    queries,
    dialect: { ...(settings.kind === 'mysql' ? mysqlDifferences : sqliteDifferences) },
    transaction: (work) => inTransaction(queries, work),
    async close() {
      await queries.destroy();
      await endUnused?.();
    },
  };
}

/** @see FerryDatabase.transaction; within a transaction the work joins it. */
export async function inTransaction<T>(queries: Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  if (queries.isTransaction) return await work(queries);
  return await repeatOnConflict(async () => await queries.transaction().execute(work));
}

/** Repeats the work on a write conflict. The work is a whole transaction, or one statement that is none's part. */
export async function repeatOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isConflict = error instanceof DatabaseFault && error.faultKind === 'conflict';
      if (!isConflict || attempt === transactionAttempts) throw error;
    }
    // A random pause, so that two conflicting transactions do not collide again.
    await delay(Math.random() * Math.min(longestPauseMs, 10 * 2 ** attempt));
  }
}
