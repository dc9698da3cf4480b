import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { Dialect } from 'kysely';
import Libsql from 'libsql';

import { DatabaseFault, missingDatabase } from '../database-fault.js';
import type { DatabaseFaultKind } from '../database-fault.js';
import { FaultMappingDriver } from '../fault-mapping-driver.js';
import { forbidWrites, prepareSqlite, SqliteDriver } from './sqlite-driver.js';

/** Opens or creates the file and its folder. @throws DatabaseFault */
export function openSqlite(path: string): Dialect {
  return openFile(path, () => {
    makeFolder(dirname(path));
    const database = new Libsql(path);
    prepareSqlite(database);
    return database;
  });
}

/** Opens an existing file without changing it, not even its journal mode. @throws DatabaseFault */
export function openSqliteReadOnly(path: string): Dialect {
  return openFile(path, () => {
    if (!existsSync(path))
      throw missingDatabase(`there is no database at ${path} yet (FERRY_DATA_DIR or MYSQL_HOST selects the database)`);
    const database = new Libsql(path);
    forbidWrites(database);
    return database;
  });
}

/** Creates a folder with its parents. Node's recursive mkdir never returns for paths like /proc/x. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have created it.
    if (!existsSync(path)) throw error;
  }
}

function openFile(path: string, open: () => Libsql.Database): Dialect {
  const faultOf = (error: unknown): unknown => sqliteFault(error, path);
  try {
    const database = open();
    return {
      createDriver: () => new FaultMappingDriver(new SqliteDriver(database), faultOf),
      createAdapter: () => new TransactionalSqliteAdapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    };
  } catch (error) {
    throw faultOf(error);
  }
}

/** Enables transactional DDL, which Kysely disables by default: a migration is then one transaction, which also excludes other processes. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

// Primary result codes of SQLite (sqlite.org/rescode.html). All others are `statement`.
const knownFaults: Readonly<Record<number, readonly [DatabaseFaultKind, string]>> = {
  5: ['conflict', 'another process has locked it for writing'],
  6: ['conflict', 'another process has locked a table'],
  8: ['refused', 'it is read-only for this user: check the permissions of the file and its folder'],
  10: ['refused', 'reading or writing it failed: check the disk'],
  11: ['refused', 'it is damaged: restore a backup'],
  13: ['refused', 'the disk is full: make room'],
  14: [
    'refused',
    'it cannot be opened: check the path and the permissions of its folder, where SQLite must write even for reading',
  ],
  26: ['refused', 'it is not a SQLite database: choose another path or move the file away'],
};
/** Extended result codes of what another program has added to a table. */
const refusers: Readonly<Record<number, string>> = { 275: 'a CHECK constraint', 1811: 'a trigger' };
const uniqueViolations: ReadonlySet<number> = new Set([1555, 2067]);

function sqliteFault(error: unknown, path: string): unknown {
  if (error instanceof DatabaseFault || !(error instanceof Error)) return error;
  const place = `the database file ${path}`;
  const systemCode = 'code' in error ? error.code : undefined;
  if (systemCode === 'ENOSPC') return new DatabaseFault(`${place}: the disk is full: make room`, 'refused', error);
  if ('syscall' in error && error.syscall === 'mkdir') {
    return new DatabaseFault(`${place}: its folder cannot be created (${String(systemCode)})`, 'refused', error);
  }
  // An error during opening has its code only in the message.
  const rawCode = 'rawCode' in error ? Number(error.rawCode) : Number(/: (\d+)"?\)$/.exec(error.message)?.[1]);
  if (uniqueViolations.has(rawCode)) {
    return new DatabaseFault(`${place}: another writer was faster (${error.message})`, 'conflict', error);
  }
  const refuser = refusers[rawCode];
  if (refuser !== undefined) {
    const message = `${place}: ${refuser} of one of its tables refuses what the ferry writes (${error.message}): remove it, or rebuild that table without it`;
    return new DatabaseFault(message, 'statement', error);
  }
  const known = knownFaults[rawCode & 0xff];
  if (known !== undefined) return new DatabaseFault(`${place}: ${known[1]}`, known[0], error);
  if (Number.isNaN(rawCode)) return error;
  return new DatabaseFault(`${place}: ${error.message}`, 'statement', error);
}
