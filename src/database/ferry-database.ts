import { setTimeout as delay } from 'node:timers/promises';

import { Kysely } from 'kysely';
import type { Dialect } from 'kysely';

import { DatabaseFault } from './database-fault.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import type { MysqlSettings } from './mysql/mysql-settings.js';
import { mysqlDifferences } from './mysql/mysql-differences.js';
import { sqliteDifferences } from './sqlite/sqlite-differences.js';
import type { FerryTables } from './tables.js';

export type DatabaseSettings =
  ({ readonly kind: 'mysql' } & MysqlSettings) | { readonly kind: 'sqlite'; readonly path: string };

/** An open database; the stores are made from it. */
export interface FerryDatabase {
  /** Where it is, for people. */
  readonly place: string;
  /** What a person has to know of how it was reached, such as a connection that is not encrypted. */
  readonly notes: readonly string[];
  readonly queries: Queries;
  readonly dialect: DialectDifferences;
  /**
   * Runs the work in a transaction, and again from its beginning when another writer was in the way; so the work must
   * do nothing but database statements, all through the queries that it is given.
   */
  readonly transaction: <T>(work: (queries: Queries) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

const transactionAttempts = 8;
const longestPauseMs = 200;

/**
 * Opens SQLite's file or MySQL's database, making what is missing of either; tables are made by `migrate`.
 * @throws DatabaseFault (`retry` when the server is away, `block` when it refuses), naming server and user or file
 */
export async function openDatabase(settings: DatabaseSettings): Promise<FerryDatabase> {
  if (settings.kind === 'mysql') return databaseOf(settings, await (await mysqlDatabase()).openMysql(settings));
  return databaseOf(settings, { dialect: (await sqliteDatabase()).openSqlite(settings.path), notes: [] });
}

/**
 * Opens what is there, for commands that change nothing: nothing is made, and writing fails.
 * @throws DatabaseFault also when there is none yet
 */
export async function openDatabaseReadOnly(settings: DatabaseSettings): Promise<FerryDatabase> {
  if (settings.kind === 'mysql') return databaseOf(settings, await (await mysqlDatabase()).openMysqlReadOnly(settings));
  return databaseOf(settings, { dialect: (await sqliteDatabase()).openSqliteReadOnly(settings.path), notes: [] });
}

/** A command waits for the driver that it uses, not for both. */
const mysqlDatabase = async () => await import('./mysql/mysql-database.js');
const sqliteDatabase = async () => await import('./sqlite/sqlite-database.js');

/** Where a database is, or would be: a file, or a name on a server. */
function databasePlace(settings: DatabaseSettings): string {
  if (settings.kind === 'sqlite') return settings.path;
  return `MySQL ${settings.host}:${settings.port}, database ${settings.database}`;
}

interface Opened {
  readonly dialect: Dialect;
  readonly notes: readonly string[];
}

function databaseOf(settings: DatabaseSettings, { dialect, notes }: Opened): FerryDatabase {
  const queries = new Kysely<FerryTables>({ dialect });
  return {
    place: databasePlace(settings),
    notes,
    queries,
    dialect: settings.kind === 'mysql' ? mysqlDifferences : sqliteDifferences,
    transaction: (work) => inTransaction(queries, work),
    close: () => queries.destroy(),
  };
}

/** @see FerryDatabase.transaction; within a transaction the work joins it. */
export async function inTransaction<T>(queries: Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  if (queries.isTransaction) return await work(queries);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await queries.transaction().execute(work);
    } catch (error) {
      const isConflict = error instanceof DatabaseFault && error.trouble === 'conflict';
      if (!isConflict || attempt === transactionAttempts) throw error;
    }
    // Random, so that two transactions that stopped each other do not meet again.
    await delay(Math.random() * Math.min(longestPauseMs, 10 * 2 ** attempt));
  }
}
