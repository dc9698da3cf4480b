import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { sql } from 'kysely';

import { errorMessage } from '../../domain/error-message.js';
import { DatabaseFault } from '../database-fault.js';
import { openDatabaseReadOnly } from '../ferry-database.js';
import type { FerryDatabase } from '../ferry-database.js';
import { assertMade } from '../made-migrations.js';

export interface SqliteBackup {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Writes the state of a ferry's SQLite file to a new file: of one moment, while other processes write. The new file
 * appears complete and checked, or not at all; an existing one is never replaced.
 *
 * @throws DatabaseFault if the database does not exist or is damaged, or the file exists or cannot be written
 */
export async function backUpSqlite(path: string, file: string): Promise<SqliteBackup> {
  assertNew(file);
  if (!existsSync(dirname(file)))
    throw refused(`the folder ${dirname(file)} does not exist: create it, or name another file`);
  const unfinished = `${file}.${process.pid}.unfinished`;
  const database = await openDatabaseReadOnly({ kind: 'sqlite', path });
  try {
    await assertMade(database);
    makePrivate(unfinished);
    await writeCopy(database, unfinished);
  } finally {
    await database.close();
  }
  try {
    await assertIntact(unfinished);
    sync(unfinished);
    putInPlace(unfinished, file);
    return { file, size: statSync(file).size };
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Unlike a rename, a link does not replace a file that another process has written meanwhile; not every disk has links. */
function putInPlace(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
  } catch {
    assertNew(file);
    renameSync(unfinished, file);
  }
}

async function writeCopy({ queries }: FerryDatabase, unfinished: string): Promise<void> {
  try {
    // It only writes the new file, but SQLite refuses it if writes are forbidden.
    await sql`pragma query_only = off`.execute(queries);
    await sql`vacuum into ${unfinished}`.execute(queries);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** It holds the addresses of uploads: from its first byte on only its owner may read it. SQLite fills an empty file. */
function makePrivate(file: string): void {
  try {
    rmSync(file, { force: true });
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    throw refused(`cannot write ${file}: ${errorMessage(error)}: free its disk, or name a file in another folder`);
  }
}

function assertNew(file: string): void {
  if (existsSync(file)) throw refused(`${file} exists: name a new file`);
}

async function assertIntact(file: string): Promise<void> {
  const database = await openDatabaseReadOnly({ kind: 'sqlite', path: file });
  try {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database.queries);
    const [first] = rows;
    if (first?.integrity_check === 'ok') return;
    throw refused(
      `the backup is damaged (${first?.integrity_check ?? 'no answer'}): check the disk, and the database itself`,
    );
  } finally {
    await database.close();
  }
}

function sync(file: string): void {
  const opened = openSync(file, 'r+');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function refused(message: string): DatabaseFault {
  return new DatabaseFault(message, 'refused');
}
