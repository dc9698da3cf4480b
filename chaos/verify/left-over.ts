import { readdirSync, readFileSync } from 'node:fs';

/**
 * Processes that have the mark of a stage in their environment. Only where there is `/proc`.
 *
 * @returns process number and command line of each
 */
export function processesWith(mark: string): readonly string[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const environment = textOf(`/proc/${pid}/environ`);
      if (!environment.split('\0').includes(mark)) return [];
      return [`${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`];
    });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** '' where it cannot be read: the process has ended, or belongs to another user. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
