import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FerryError } from '../domain/ferry-error.js';

/**
 * Converts Temporal's last error to a message if another start would end in the same way; undefined if it may succeed.
 *
 * @param words the last line that begins with `Error:`
 */
export function temporalFault(words: string, dataDir: string): FerryError | undefined {
  const file = join(dataDir, 'temporal.db');
  if (/file is not a database|disk image is malformed/.test(words)) {
    return unstartable(
      `Temporal's data are damaged: move ${file}, ${file}-wal and ${file}-shm away and start again. The lists of wanted and pushed images are not in this file; workflow runs in progress start again, and Temporal's history is lost (${words})`,
    );
  }
  if (/disk is full|no space left/i.test(words)) {
    return unstartable(`no disk space for Temporal's data: free some on the disk of ${dataDir} (${words})`);
  }
  if (/readonly database|read-only|permission denied|unable to open database/i.test(words)) {
    return unstartable(`Temporal cannot write its data: check the owner and the permissions of ${file} (${words})`);
  }
  return undefined;
}

/** For a server that ended too often for an unknown reason. */
export function temporalKeepsEnding(words: string, logPath: string): FerryError {
  // On a full disk it cannot even log the reason.
  const why = words === '' ? '; it logged nothing: check whether the disk is full' : ` (${words})`;
  return unstartable(`Temporal exits right after its start: see ${logPath}${why}`);
}

/** The last error in a log after its first `offset` bytes, else its last line. */
export function lastErrorIn(logPath: string, offset: number): string {
  const lines = readFileSync(logPath).subarray(offset).toString('utf8').trimEnd().split('\n');
  return (lines.findLast((line) => line.startsWith('Error:')) ?? lines.at(-1) ?? '').slice(0, 500);
}

function unstartable(message: string): FerryError {
  return new FerryError(message, { code: 'configuration', decision: 'block' });
}
