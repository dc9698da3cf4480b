import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { distFolder } from '../config/package-folder.js';
import { FerryError } from '../domain/ferry-error.js';

/**
 * The Temporal CLI: `FERRY_TEMPORAL_CLI`, what `npm run setup` found, PATH, then the cache folder. What set-up found goes
 * before PATH, since it has looked at the version.
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
  const found = [...foundBySetUp(), ...onPath, join(cache, 'image-ferry', 'bin', 'temporal')].find(isExecutable);
  if (found !== undefined) return found;
  throw missing('the Temporal CLI is neither on PATH nor in the cache folder');
}

/** Set-up writes down where the tools are. */
function foundBySetUp(): string[] {
  try {
    const record: unknown = JSON.parse(readFileSync(join(distFolder, 'tools.json'), 'utf8'));
    const known = typeof record === 'object' && record !== null && 'temporal' in record ? record.temporal : undefined;
    return typeof known === 'string' ? [known] : [];
  } catch {
    return [];
  }
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
