import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import Libsql from 'libsql';

import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';
import type { ProcessIdentity } from './process-identity.js';
import { readRuntime } from './runtime-file.js';

/** The data folder, locked by this process until it releases it or ends. */
export interface DataLock {
  /** Processes that an earlier holder had started when it ended; they may still be running. */
  readonly leftBehind: readonly ProcessIdentity[];
  /** Recorded before anything else happens, so that the next holder can end the process however this one ends. */
  remember(part: string, identity: ProcessIdentity): void;
  release(): void;
}

/**
 * Locks the data folder for this process. A second `ferry up` on the same folder is refused, also in another container
 * on the same volume: the lock is the operating system's, on an open SQLite file, since a process ID is only valid
 * inside one container. It is released as soon as its holder ends.
 *
 * @throws FerryError `configuration` naming the holder
 */
export function lockDataDir(dataDir: string): DataLock {
  makeDataDir(dataDir);
  const path = join(dataDir, 'up.lock');
  let database: Libsql.Database | undefined;
  try {
    database = new Libsql(path, { timeout: 0 });
    // The lock is kept after the transaction, until the file is closed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    database.exec('CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, pid INTEGER, started_at TEXT)');
    database.exec('COMMIT');
    return heldBy(database);
  } catch (error) {
    database?.close();
    throw refusal(error, dataDir, path);
  }
}

function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = errorMessage(error);
    throw new FerryError(`FERRY_DATA_DIR: cannot create the folder ${dataDir}: ${reason}`, {
      code: 'configuration',
      decision: 'block',
      cause: error,
    });
  }
}

function heldBy(database: Libsql.Database): DataLock {
  const rows = database.prepare('SELECT pid, started_at FROM part').all() as { pid: number; started_at: string }[];
  let isReleased = false;
  return {
    leftBehind: rows.map(({ pid, started_at: startedAt }) => ({ pid, startedAt })),
    remember(part, { pid, startedAt }) {
      database
        .prepare('INSERT OR REPLACE INTO part (name, pid, started_at) VALUES (?, ?, ?)')
        .run(part, pid, startedAt);
    },
    release() {
      if (isReleased) return;
      isReleased = true;
      // Closing waits for the garbage collector if statements were prepared, so the lock is released explicitly.
      database.exec('PRAGMA locking_mode = NORMAL');
      database.exec('SELECT 1 FROM part');
      database.close();
    },
  };
}

function refusal(error: unknown, dataDir: string, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'SQLITE_BUSY') {
    const holder = readRuntime(dataDir);
    const who = holder === undefined ? '' : ` (process ${holder.up.pid} on ${holder.host ?? 'this machine'})`;
    return new FerryError(
      `another "ferry up"${who} is running on ${dataDir}: stop it first, or set FERRY_DATA_DIR to another folder`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return new FerryError(
      `${path} is damaged: make sure that no Temporal server is running on ${dataDir} (ps), then remove the file`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  const reason = errorMessage(error);
  return new FerryError(`cannot use ${path}: ${reason}; check FERRY_DATA_DIR and its permissions`, {
    code: 'configuration',
    decision: 'block',
    cause: error,
  });
}
