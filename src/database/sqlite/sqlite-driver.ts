import { setTimeout as delay } from 'node:timers/promises';

import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type Database from 'libsql';

import { sqliteParameter } from './sqlite-parameters.js';

const busyTimeoutMs = 5_000;
const sliceMs = 10;

/**
 * Acquires the write lock immediately: a transaction that reads first cannot be upgraded if another process wrote in
 * between.
 */
const beginWriting = 'begin immediate';

/** `begin` alone would acquire no lock before the first read. */
const beginReading = 'begin; select 1 from sqlite_master limit 1';

/** By the first six characters of a statement; others, such as `pragma` and `explain`, need no transaction. */
const beginnings: Readonly<Record<string, string>> = {
  select: beginReading,
  insert: beginWriting,
  update: beginWriting,
  delete: beginWriting,
  create: beginWriting,
  'alter ': beginWriting,
  'drop t': beginWriting,
  'with "': beginReading,
};

/** One connection with one user at a time: libsql is synchronous, and transactions span several awaits. */
export class SqliteDriver implements Driver {
  readonly #database: Database.Database;
  readonly #connection: SqliteConnection;
  #turn: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => {};

  constructor(database: Database.Database) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    let endTurn = (): void => {};
    this.#turn = new Promise((resolve) => {
      endTurn = resolve;
    });
    await before;
    this.#endTurn = endTurn;
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    await patiently(() => this.#database.exec(beginWriting));
  }

  async commitTransaction(): Promise<void> {
    await patiently(() => this.#database.exec('commit'));
  }

  async rollbackTransaction(): Promise<void> {
    // SQLite may have rolled back automatically, for example on a full disk.
    if (this.#database.inTransaction) this.#database.exec('rollback');
  }

  async releaseConnection(): Promise<void> {
    this.#endTurn();
  }

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

export function prepareSqlite(database: Database.Database): void {
  database.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
  database.exec('pragma journal_mode = wal');
  // Temporal relies on committed data, so it must survive a power failure.
  database.exec('pragma synchronous = full');
  database.exec(`pragma busy_timeout = ${sliceMs}`);
}

/** Read-only access does not even change the journal mode. */
export function forbidWrites(database: Database.Database): void {
  database.exec(`pragma busy_timeout = ${sliceMs}`);
  database.exec('pragma query_only = on');
}

/**
 * Waits in short slices for another writing process: libsql's own wait would block this process, including the heartbeats
 * of other activities.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await delay(sliceMs * Math.random());
  }
}

/**
 * SQLite keeps what it is given: a program that binds bytes leaves a BLOB in a column of text. The ferry has no columns of
 * bytes, so that such a cell is read as the text it stands for.
 */
function withText<R>(row: R): R {
  if (typeof row !== 'object' || row === null) return row;
  for (const [column, value] of Object.entries(row)) {
    if (!(value instanceof ArrayBuffer || value instanceof Uint8Array)) continue;
    Object.assign(row, { [column]: new TextDecoder().decode(value) });
  }
  return row;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'rawCode' in error && (Number(error.rawCode) & 0xff) === 5;
}

/**
 * libsql keeps a prepared statement that failed with SQLITE_BUSY in progress until it is garbage-collected, and no
 * transaction of the connection can commit until then (tursodatabase/libsql-js#238). Statements of `exec` always finish, so
 * `exec` acquires the lock before each statement, and no prepared statement finds the file busy.
 */
class SqliteConnection implements DatabaseConnection {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const values = parameters.map(sqliteParameter);
    const execute = (): QueryResult<R> => {
      const statement = this.#database.prepare(sql);
      if (statement.reader) return { rows: (statement.all(values) as R[]).map(withText) };
      const { changes, lastInsertRowid } = statement.run(values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    };
    const begin = beginnings[sql.slice(0, 6)];
    if (begin === undefined || this.#database.inTransaction) return await patiently(execute);
    return await patiently(() => this.#alone(begin, execute));
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError('streaming from SQLite would hold its only connection: read in pages instead');
  }

  #alone<T>(begin: string, execute: () => T): T {
    try {
      this.#database.exec(begin);
      const result = execute();
      this.#database.exec('commit');
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('rollback');
      throw error;
    }
  }
}
