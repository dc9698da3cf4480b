// Bundles what runs into dist/ferry: the commands, the processes that `ferry up` starts, and the workflows. A command that
// opens a few files starts sooner than one that opens hundreds, and a worker that loads bundled workflows starts sooner
// than one that bundles them itself. A dynamic import stays a file of its own. The npm package contains this folder and
// no other code.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { build } from 'rolldown';

import { licensesOf } from './licenses-of.mjs';
import { projectRoot } from './set-up/places.mjs';

const bundle = join(projectRoot, 'dist', 'ferry');
const unfinished = `${bundle}.${process.pid}`;

/**
 * Loaded from node_modules: Temporal, since a worker must not have two copies of its classes; packages that find files
 * beside their own (native code, threads). They are the `dependencies` of package.json; what is bundled is a devDependency.
 */
const externalPackages = [/^@temporalio\//, /^libsql$/, /^pino$/];

/** A process that an earlier build started opens some of its files only when it needs them. */
const keptForMs = 24 * 60 * 60 * 1000;
const entries = { main: 'src/cli/main.ts', 'worker-main': 'src/worker-main.ts', 'server-main': 'src/server-main.ts' };

try {
  const modules = await bundleCommands();
  await bundleWorkflows();
  writeFileSync(join(unfinished, 'THIRD-PARTY-LICENSES.txt'), licensesOf(modules));
  putInPlace();
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

/** @returns {Promise<string[]>} paths of all modules that went into it */
async function bundleCommands() {
  const { output } = await build({
    cwd: projectRoot,
    input: entries,
    platform: 'node',
    external: externalPackages,
    resolve: {
      conditionNames: ['@image-ferry/source', 'import', 'node', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
      // Node loads its UMD file, of which nothing can be left out: 260 KB instead of 46 KB.
      alias: { 'hash-wasm': 'hash-wasm/dist/index.esm.js' },
    },
    onLog: (_level, log) => {
      throw new Error(log.message);
    },
    output: {
      dir: unfinished,
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      // Names of errors are read by people and by programs.
      keepNames: true,
      sourcemap: true,
    },
  });
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

/** A workflow that cannot be bundled is found here, not when a worker starts. */
async function bundleWorkflows() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(projectRoot, 'dist', 'src', 'workflows', 'index.js'),
    // The reason of a failure goes to the logger, not into the error.
    logger: new DefaultLogger('WARN', ({ level, message }) => console.error(`${level} ${message}`)),
  });
  writeFileSync(join(unfinished, 'workflow-bundle.cjs'), code);
}

/** Renames file by file, the entries last, so that a command that starts meanwhile finds all its imports. */
function putInPlace() {
  mkdirSync(bundle, { recursive: true });
  const made = readdirSync(unfinished);
  const isEntry = (name) => name.replace(/\.js(\.map)?$/, '') in entries;
  const inOrder = [...made.filter((name) => !isEntry(name)), ...made.filter(isEntry)];
  for (const name of inOrder) renameSync(join(unfinished, name), join(bundle, name));
  const leftovers = readdirSync(bundle).filter((name) => !made.includes(name));
  for (const name of leftovers) {
    const isOld = Date.now() - statSync(join(bundle, name)).mtimeMs > keptForMs;
    if (isOld) rmSync(join(bundle, name), { recursive: true });
  }
  // The package has neither files of earlier builds nor source maps, which hold every source a second time.
  writeFileSync(join(bundle, '.npmignore'), `${['*.map', ...leftovers].join('\n')}\n`);
}
