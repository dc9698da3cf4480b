import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { FerryError } from '../domain/ferry-error.js';
import type { ProcessIdentity } from './process-identity.js';
import { identifyProcess, isRunning } from './process-identity.js';

/**
 * Takes the data folder for this process; a second `ferry up` on it is refused. A lock that a killed process left
 * behind is taken over.
 *
 * @returns what gives the folder back
 * @throws FerryError `configuration` naming the process that has it
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = join(dataDir, 'up.lock');
  const own = identifyProcess(process.pid);
  // The lock appears whole or not at all: written beside, then linked, which fails where one stands already.
  const candidate = `${lock}.${process.pid}`;
  writeFileSync(candidate, JSON.stringify(own));
  try {
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        linkSync(candidate, lock);
        return () => rmSync(lock, { force: true });
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      }
      const holder = readHolder(lock);
      if (holder !== undefined && isRunning(holder)) {
        throw new FerryError(
          `another "ferry up" (process ${holder.pid}) runs on ${dataDir}: stop it first, or set FERRY_DATA_DIR to another folder`,
          { code: 'configuration', decision: 'park' },
        );
      }
      setAside(lock);
    }
    throw new FerryError(`the lock of ${dataDir} changes hands all the time: try again`, {
      code: 'configuration',
      decision: 'retry',
    });
  } finally {
    rmSync(candidate, { force: true });
  }
}

/**
 * Takes a left-over lock away. Another process may have done so already and locked the folder since: what was moved is
 * looked at again, and put back when it is a living process's.
 */
function setAside(lock: string): void {
  const aside = `${lock}.left-${process.pid}`;
  try {
    renameSync(lock, aside);
    const holder = readHolder(aside);
    if (holder !== undefined && isRunning(holder)) linkSync(aside, lock);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function readHolder(lock: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
