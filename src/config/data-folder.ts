import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Environment } from './environment.js';

/** The data folder of this machine: `FERRY_DATA_DIR`, else `$XDG_DATA_HOME/image-ferry`. */
export function readDataDir(environment: Environment): string {
  const given = environment.value('FERRY_DATA_DIR');
  if (given !== undefined) return resolve(given);
  return join(environment.value('XDG_DATA_HOME') ?? join(homedir(), '.local', 'share'), 'image-ferry');
}
