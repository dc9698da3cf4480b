import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Cache folder of this user. Its subfolder `bin` keeps downloaded and built programs for every clone and installation.
 *
 * @param {Readonly<Record<string, string | undefined>>} variables
 */
export function cacheFolder(variables) {
  return join(variables['XDG_CACHE_HOME'] || join(variables['HOME'] || homedir(), '.cache'), 'image-ferry');
}

/** @param {Readonly<Record<string, string | undefined>>} variables */
export function programFolder(variables) {
  return join(cacheFolder(variables), 'bin');
}
