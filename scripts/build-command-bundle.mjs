// Bundles the commands, and the processes that `ferry up` starts, into dist/ferry: a command that opens a few files starts
// sooner than one that opens hundreds. What is imported when it is called is a file of its own, as before.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'rolldown';

import { projectRoot } from './set-up/places.mjs';

const bundle = join(projectRoot, 'dist', 'ferry');
const unfinished = `${bundle}.${process.pid}`;

/**
 * Loaded from node_modules: Temporal, since a worker must not have two copies of its classes; what finds files beside its
 * own (native code, threads).
 */
const packagesApart = [/^@temporalio\//, /^libsql$/, /^pino$/];

/** A process that an earlier build has started opens some of its files only when it needs them. */
const keptForMs = 24 * 60 * 60 * 1000;
const entries = { main: 'src/cli/main.ts', 'worker-main': 'src/worker-main.ts', 'server-main': 'src/server-main.ts' };

try {
  await build({
    cwd: projectRoot,
    input: entries,
    platform: 'node',
    external: packagesApart,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
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
  putInPlace();
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

/** File by file, what leads to the others last, so that a command that starts meanwhile finds all that it looks for. */
function putInPlace() {
  mkdirSync(bundle, { recursive: true });
  const made = readdirSync(unfinished);
  const isEntry = (name) => name.replace(/\.js(\.map)?$/, '') in entries;
  const inOrder = [...made.filter((name) => !isEntry(name)), ...made.filter(isEntry)];
  for (const name of inOrder) renameSync(join(unfinished, name), join(bundle, name));
  for (const name of readdirSync(bundle)) {
    const isOld = Date.now() - statSync(join(bundle, name)).mtimeMs > keptForMs;
    if (isOld && !made.includes(name)) rmSync(join(bundle, name), { recursive: true });
  }
}
