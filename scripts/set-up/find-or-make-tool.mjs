import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { toolFolder } from './places.mjs';
import { excerpt, runCommand } from './run-command.mjs';
import { announce, say, seconds, whileSaying } from './say.mjs';

/** Servers are in the administrator's folders, which a person's PATH often leaves out. */
const alsoSearched = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Finds a tool of `tools.mjs`, or gets it in one of its ways.
 *
 * @returns {Promise<{path: string, reason?: undefined} | {path?: undefined, reason: string}>} `reason` tells a person what was tried
 */
export async function findOrMakeTool(tool) {
  const chosen = process.env[tool.variable];
  if (chosen) return chosenByHand(tool, chosen);

  const present = await firstThatFits(tool);
  if (present.path !== undefined) {
    announce(tool.title, present.path);
    return { path: present.path };
  }
  const tried = [`${tool.variable} is not set`, ...present.faults];

  mkdirSync(toolFolder, { recursive: true });
  for (const way of tool.ways) {
    const plan = await way.plan();
    if (plan.impossible !== undefined) {
      tried.push(`${way.title}: ${plan.impossible}`);
      continue;
    }
    announce(tool.title, `${way.title} (${plan.takes})`);
    const start = Date.now();
    const result = await whileSaying(way.title, () => way.get(tool.cacheName && join(toolFolder, tool.cacheName)));
    const got = result.ok ? await firstThatFits(tool) : { faults: [result.output] };
    if (got.path !== undefined) {
      announce(tool.title, `${got.path}, after ${seconds(start)}`);
      return { path: got.path };
    }
    say(`  that did not work, after ${seconds(start)}`);
    tried.push(`${way.title}:\n${excerpt(got.faults.join('\n'))}`);
  }
  return { reason: failure(tool, tried) };
}

async function chosenByHand(tool, path) {
  const fault = await whyUnfit(tool, path);
  if (fault !== undefined) return { reason: failure(tool, [`${tool.variable}=${path}: ${fault}`]) };
  announce(tool.title, `${path} (${tool.variable})`);
  return { path };
}

function failure(tool, tried) {
  return [
    `${tool.title} is missing. Tried:`,
    ...tried.map((attempt) => `  - ${attempt}`),
    `  Get it: ${tool.advice}`,
    `  Or say where it is: ${tool.variable}=/path/to/${tool.commands[0]}`,
  ].join('\n');
}

/** @returns {Promise<{path?: string, faults: string[]}>} `faults`: why what is there is not taken */
async function firstThatFits(tool) {
  const faults = [];
  for (const path of candidates(tool)) {
    const fault = await whyUnfit(tool, path);
    if (fault === undefined) return { path, faults };
    faults.push(`${path}: ${fault}`);
  }
  if (faults.length === 0) faults.push(`${tool.commands.join(', ')}: not on PATH, not in ${toolFolder}`);
  return { faults };
}

function candidates(tool) {
  const folders = [...new Set([...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...alsoSearched])];
  const onPath = folders.flatMap((folder) => tool.commands.map((command) => join(folder, command)));
  const cached = tool.cacheName === undefined ? [] : [join(toolFolder, tool.cacheName)];
  return [...onPath, ...cached].filter(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** @returns {Promise<string | undefined>} */
async function whyUnfit(tool, path) {
  const { ok, output } = await runCommand(path, [tool.versionFlag ?? '--version'], { timeoutMs: 30_000 });
  if (!ok) return `${tool.versionFlag ?? '--version'} failed: ${output}`;
  return tool.fits(output) ? undefined : `"${output.split('\n')[0]}" is not ${tool.wanted}`;
}
