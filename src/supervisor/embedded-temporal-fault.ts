import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FerryError } from '../domain/ferry-error.js';

/**
 * What Temporal's last words mean, where another start would end in the same way; undefined where it may work.
 *
 * @param words the last line that says `Error:`
 */
export function temporalFault(words: string, dataDir: string): FerryError | undefined {
  const file = join(dataDir, 'temporal.db');
  if (/file is not a database|disk image is malformed/.test(words)) {
    return unstartable(
      `Temporal's data are damaged: move ${file} away and start again. Which images are wanted and pushed is not in there; runs that were under way begin anew, and what Temporal's pages show of the past is lost (${words})`,
    );
  }
  if (/disk is full|no space left/i.test(words)) {
    return unstartable(`Temporal has no room for its data: make some on the disk of ${dataDir} (${words})`);
  }
  if (/readonly database|read-only|permission denied|unable to open database/i.test(words)) {
    return unstartable(`Temporal may not write its data: look at the owner and the permissions of ${file} (${words})`);
  }
  return undefined;
}

/** For a start that ended too often, for a reason that is not known. */
export function temporalKeepsEnding(words: string, logPath: string): FerryError {
  // On a full disk it could not even say so.
  const why = words === '' ? '; it wrote nothing there: is the disk full?' : ` (${words})`;
  return unstartable(`Temporal ends as soon as it is started: see ${logPath}${why}`);
}

/** The last error that was written to a log behind its first `offset` bytes; else its last line. */
export function lastErrorIn(logPath: string, offset: number): string {
  const lines = readFileSync(logPath).subarray(offset).toString('utf8').trimEnd().split('\n');
  return (lines.findLast((line) => line.startsWith('Error:')) ?? lines.at(-1) ?? '').slice(0, 500);
}

function unstartable(message: string): FerryError {
  return new FerryError(message, { code: 'configuration', decision: 'block' });
}
