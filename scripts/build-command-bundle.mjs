// Bundles the commands, and the processes that `ferry up` starts, into dist/ferry: a command that opens a few files starts
// sooner than one that opens hundreds. What is imported when it is called is a file of its own, as before.
import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = fileURLToPath(new URL('../dist/ferry', import.meta.url));
const unfinished = `${bundle}.${process.pid}`;

/**
 * Loaded from node_modules: Temporal, since a worker must not have two copies of its classes; what finds files beside its
 * own (native code, threads).
 */
const packagesApart = [/^@temporalio\//, /^libsql$/, /^pino$/];

await build({
  cwd: root,
  input: { main: 'src/cli/main.ts', 'worker-main': 'src/worker-main.ts', 'server-main': 'src/server-main.ts' },
  platform: 'node',
  external: packagesApart,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  onLog: (_level, log) => {
    throw new Error(log.message);
  },
  output: {
    dir: unfinished,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // Names of errors are read by people and by programs.
    keepNames: true,
    sourcemap: true,
  },
});
rmSync(bundle, { recursive: true, force: true });
renameSync(unfinished, bundle);
