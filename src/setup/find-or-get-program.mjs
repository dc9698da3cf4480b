import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { programFolder } from './cache-folder.mjs';
import { findProgram } from './find-program.mjs';
import { excerpt } from './run-command.mjs';
import { announce, say, seconds, whileSaying } from './say.mjs';

/** @import { Program } from './program-types.js' */

/**
 * Finds a program, or gets it with the first of its methods that works.
 *
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} variables
 * @returns {Promise<{path: string, reason?: undefined} | {path?: undefined, reason: string}>} `reason`: what was tried
 * and what to do
 */
export async function findOrGetProgram(program, variables) {
  const found = await findProgram(program, variables);
  if (found.path !== undefined) {
    announce(program.title, found.isChosen ? `${found.path} (${program.variable})` : found.path);
    return { path: found.path };
  }
  if (found.isChosen) return { reason: missingProgram(program, found.faults) };

  const tried = [...found.faults];
  const folder = programFolder(variables);
  mkdirSync(folder, { recursive: true });
  for (const way of program.ways) {
    const plan = await way.plan();
    if (plan.impossible !== undefined) {
      tried.push(`${way.title}: ${plan.impossible}`);
      continue;
    }
    announce(program.title, `${way.title} (${plan.takes})`);
    const start = Date.now();
    const result = await whileSaying(way.title, () => way.get(join(folder, program.cacheName ?? program.name)));
    const got = result.ok ? await findProgram(program, variables) : { faults: [result.output] };
    if ('path' in got && got.path !== undefined) {
      announce(program.title, `${got.path}, after ${seconds(start)}`);
      return { path: got.path };
    }
    say(`  failed after ${seconds(start)}`);
    tried.push(`${way.title}:\n${excerpt((got.faults ?? []).join('\n'))}`);
  }
  return { reason: missingProgram(program, tried) };
}

/**
 * Describes what was tried and what to do.
 *
 * @param {Program} program
 * @param {readonly string[]} tried
 */
function missingProgram({ title, advice, variable, commands }, tried) {
  return [
    `${title} is missing. Tried:`,
    ...tried.map((attempt) => `  - ${attempt}`),
    `  Get it: ${advice}`,
    `  Or set its path: ${variable}=/path/to/${commands[0]}`,
  ].join('\n');
}
