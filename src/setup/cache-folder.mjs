import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Programs that were downloaded or built stay in its folder `bin`, for every clone and every installation of this user.
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
