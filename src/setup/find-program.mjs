import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { programFolder } from './cache-folder.mjs';
import { runCommand } from './run-command.mjs';

/** @import { Program } from './program-types.js' */

/** Servers are in the administrator's folders, which are often not on a user's PATH. */
const alsoSearched = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Finds a program by its variable, on PATH, then in the cache folder, and returns the first with a suitable version. A
 * path in the variable is used or rejected, never skipped.
 *
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<{path: string, isChosen: boolean, faults?: undefined} | {path?: undefined, isChosen: boolean,
 * faults: string[]}>}
 *   `isChosen`: set by the variable; `faults`: where it was searched and why the programs found are not suitable
 */
export async function findProgram(program, variables) {
  const chosen = variables[program.variable];
  if (chosen) {
    const fault = await whyUnfit(program, chosen);
    if (fault === undefined) return { path: chosen, isChosen: true };
    return { isChosen: true, faults: [`${program.variable}=${chosen}: ${fault}`] };
  }
  const faults = [`${program.variable} is not set`];
  const present = candidates(program, variables);
  for (const path of present) {
    const fault = await whyUnfit(program, path);
    if (fault === undefined) return { path, isChosen: false };
    faults.push(`${path}: ${fault}`);
  }
  if (present.length === 0) {
    faults.push(`${program.commands.join(', ')}: not on PATH, not in ${programFolder(variables)}`);
  }
  return { isChosen: false, faults };
}

/**
 * Paths of executable files that may be the program, in search order, without checking their version.
 *
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} variables
 * @returns {string[]}
 */
export function candidates({ variable, commands, cacheName }, variables) {
  const chosen = variables[variable];
  if (chosen) return [chosen].filter(isExecutable);
  const onPath = (variables['PATH'] ?? '').split(delimiter).filter(Boolean);
  const folders = [...new Set([...onPath, ...alsoSearched])];
  const paths = folders.flatMap((folder) => commands.map((command) => join(folder, command)));
  const cached = cacheName === undefined ? [] : [join(programFolder(variables), cacheName)];
  return [...paths, ...cached].filter(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {Program} program
 * @param {string} path
 * @returns {Promise<string | undefined>}
 */
async function whyUnfit({ versionFlag = '--version', fits, wanted }, path) {
  const { ok, output } = await runCommand(path, [versionFlag], { timeoutMs: 30_000 });
  if (!ok) return `${versionFlag} failed: ${output}`;
  return fits(output) ? undefined : `"${output.split('\n')[0]}" is not ${wanted}`;
}
