import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const holder = readHolder(lock);
      if (holder !== undefined && isRunning(holder)) {
        throw new FerryError(
          `another "ferry up" (process ${holder.pid}) runs on ${dataDir}: stop it first, or set FERRY_DATA_DIR to another folder`,
          { code: 'configuration', decision: 'park' },
        );
      }
      rmSync(lock, { force: true });
    }
    throw new FerryError(`the lock of ${dataDir} changes hands all the time: try again`, {
      code: 'configuration',
      decision: 'retry',
    });
  } finally {
    rmSync(candidate, { force: true });
  }
}

function readHolder(lock: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
