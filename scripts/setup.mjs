// Everything that a fresh clone needs, found or made: npm packages, compiled code, and the tools named in
// `set-up/tools.mjs`. Plain JavaScript, because nothing else is installed yet; what `ferry setup` does, too, is in
// src/setup.
//
//   node scripts/setup.mjs [--for=test|demo|start|bench|chaos|unit|kubernetes]      (default: test)
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { cacheFolder } from '../src/setup/cache-folder.mjs';
import { findOrGetProgram } from '../src/setup/find-or-get-program.mjs';
import { underLock } from '../src/setup/lock.mjs';
import { announce, say, seconds } from '../src/setup/say.mjs';
import { compile } from './set-up/compile.mjs';
import { installPackages } from './set-up/install-packages.mjs';
import { projectRoot } from './set-up/places.mjs';
import { SetUpError } from './set-up/set-up-error.mjs';
import { recordNode, recordTools } from './set-up/tools-record.mjs';
import { toolsFor } from './set-up/tools.mjs';

const purposes = {
  unit: 'for the unit tests',
  start: 'for `ferry up`',
  demo: 'for the demo',
  bench: 'for the benchmark',
  chaos: 'for `npm run chaos`',
  test: 'for every test',
  kubernetes: 'for the tests with a real kube-apiserver',
};

async function main() {
  requireNode();
  const purpose = readPurpose(process.argv.slice(2));
  const began = Date.now();
  say(`Image Ferry: set-up ${purposes[purpose]} (the first takes from 1 to 15 minutes, later ones seconds)`);
  await underLock(join(cacheFolder(process.env), 'set-up.lock'), async () => {
    await installPackages();
    await compile();
    await findTools(purpose);
    recordNode();
  });
  say(
    `Set-up done in ${seconds(began)}. The command is bin/ferry here; for all folders: export PATH="${join(projectRoot, 'bin')}:$PATH"`,
  );
}

async function findTools(purpose) {
  const found = {};
  const missing = [];
  for (const tool of toolsFor(purpose)) {
    const result = await findOrGetProgram(tool, process.env);
    if (result.path !== undefined) found[tool.name] = result.path;
    else if (tool.optionalFor.includes(purpose)) announce(tool.title, `missing; ${tool.without}`);
    else missing.push(result.reason);
  }
  recordTools(found);
  if (missing.length > 0) throw new SetUpError(missing.join('\n\n'));
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetUpError(
    `Image Ferry needs Node 20.19 or later; this is ${process.version}.\n  Get one: https://nodejs.org`,
  );
}

function readPurpose(args) {
  const flag = args.find((arg) => arg.startsWith('--for='));
  const purpose = flag === undefined ? 'test' : flag.slice('--for='.length);
  const unknown = args.find((arg) => arg !== flag);
  if (unknown === undefined && Object.hasOwn(purposes, purpose)) return purpose;
  throw new SetUpError(`"${unknown ?? flag}" is unknown: use --for= with one of ${Object.keys(purposes).join(', ')}`);
}

try {
  if (!existsSync(join(projectRoot, 'package-lock.json')))
    throw new SetUpError('package-lock.json is missing; is this a whole clone?');
  await main();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`\nThe set-up stopped.\n\n${error.message}\n`);
  process.exitCode = 1;
}
