import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { FerryError } from '../domain/ferry-error.js';

/**
 * The Temporal CLI: `FERRY_TEMPORAL_CLI`, PATH, then what `npm run setup` put into the cache folder.
 *
 * @throws FerryError saying where it was looked for and how to get it
 */
export function findTemporal(variables: Readonly<Record<string, string | undefined>>): string {
  const given = variables['FERRY_TEMPORAL_CLI'];
  if (given !== undefined && given !== '') {
    if (isExecutable(given)) return given;
    throw missing(`FERRY_TEMPORAL_CLI names ${given}, which cannot be run`);
  }

  const cache = variables['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const onPath = (variables['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const found = [...onPath, join(cache, 'image-ferry', 'bin', 'temporal')].find(isExecutable);
  if (found !== undefined) return found;
  throw missing('the Temporal CLI is neither on PATH nor in the cache folder');
}

function missing(what: string): FerryError {
  return new FerryError(
    `${what}: run "npm run setup", install it (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a server of your own`,
    { code: 'temporal', decision: 'park' },
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
