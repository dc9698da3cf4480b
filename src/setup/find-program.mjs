import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { programFolder } from './cache-folder.mjs';
import { runCommand } from './run-command.mjs';

/** @import { Program, Variables } from './program-types.js' */

/** Servers are in the administrator's folders, which a user's PATH often lacks. */
const alsoSearched = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Finds a program by its variable, on PATH, then in the cache folder. The first whose version fits is taken; a path in
 * the variable is taken or refused, never passed over.
 *
 * @param {Program} program
 * @param {Variables} variables
 * @returns {Promise<{path: string, isChosen: boolean, faults?: undefined} | {path?: undefined, isChosen: boolean, faults: string[]}>}
 *   `isChosen`: by the variable; `faults`: where it was looked for, and why what is there does not fit
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
 * Paths where the program may be, in the order of the search. What is there can be run; its version is not checked.
 *
 * @param {Program} program
 * @param {Variables} variables
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
  if (!ok) return `${versionFlag} retrying: ${output}`;
  return fits(output) ? undefined : `"${output.split('\n')[0]}" is not ${wanted}`;
}
