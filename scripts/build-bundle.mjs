// Bundles what runs into dist/ferry: the commands, the processes that `ferry up` starts, and the workflows. A command that
// opens a few files starts sooner than one that opens hundreds, and a worker that loads bundled workflows starts sooner
// than one that bundles them itself. A dynamic import stays a file of its own. The npm package contains this folder and
// no other code.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as temporalClient from '@temporalio/client';
import * as temporalCommon from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { build } from 'rolldown';

import { licensesOf } from './licenses-of.mjs';
import { projectRoot } from './set-up/places.mjs';

const destination = join(projectRoot, 'dist', 'ferry');
const unfinished = `${destination}.${process.pid}`;

/** Loaded from node_modules: packages that find files beside their own (native code, threads). */
const externalPackages = [/^libsql$/, /^pino$/];
/**
 * In a worker also Temporal, since a worker must not have two copies of its classes. Together they are the
 * `dependencies` of package.json; what is bundled is a devDependency.
 */
const externalInWorkers = [/^@temporalio\//, ...externalPackages];

/** A process that an earlier build started opens some of its files only when it needs them. */
const keptForMs = 24 * 60 * 60 * 1000;
/** `ferry worker` loads a worker from the worker's files. */
const workerApart = {
  name: 'worker-apart',
  resolveId: (source) => (source === '../worker-process.js' ? { id: './worker-process.js', external: true } : null),
};
/** Temporal's client for commands: a CommonJS file, whose compiled code is kept (src/cli/compiled-code.ts). */
const temporalFile = 'temporal.cjs';
const temporalPackages = { '@temporalio/client': temporalClient, '@temporalio/common': temporalCommon };
const idOfPackage = (name) => `\0compiled ${name}`;
/** The ferry's own imports of these packages read the exports of that file. */
const temporalApart = {
  name: 'temporal-apart',
  resolveId: (source, importer = '') =>
    source in temporalPackages && !importer.includes('node_modules') ? { id: idOfPackage(source) } : null,
  load(id) {
    const name = Object.keys(temporalPackages).find((each) => idOfPackage(each) === id);
    if (name === undefined) return null;
    const exported = Object.keys(temporalPackages[name]).filter(
      (each) => !['default', 'module.exports'].includes(each),
    );
    const loader = join(projectRoot, 'src', 'cli', 'compiled-code.ts');
    return [
      `import { loadCompiled } from ${JSON.stringify(loader)};`,
      `const exported = loadCompiled(new URL(${JSON.stringify(`./${temporalFile}`)}, import.meta.url))[${JSON.stringify(name)}];`,
      `export const { ${exported.join(', ')} } = exported;`,
    ].join('\n');
  },
};
/** Nearly every command needs these. */
const values =
  /[/\\]src[/\\](domain|config|oci)[/\\]|[/\\]src[/\\](errors|upload-records|supervisor[/\\]process-identity|cli[/\\]active-tracing)\.ts$|[/\\]@noble[/\\]/;
const commandLine = /[/\\]node_modules[/\\]commander[/\\]|[/\\]src[/\\]cli[/\\](main\.ts|commands[/\\])/;
const commandsEntry = 'src/cli/main.ts';
const commandEntries = { main: commandsEntry, 'server-main': 'src/server-main.ts' };
const workerEntries = { 'worker-main': 'src/worker-main.ts', 'worker-process': 'src/worker-process.ts' };
const entryNames = new Set(Object.keys({ ...commandEntries, ...workerEntries }));

const options = {
  cwd: projectRoot,
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  resolve: {
    conditionNames: ['@image-ferry/source', 'import', 'node', 'default'],
    extensionAlias: { '.js': ['.ts', '.js'] },
    alias: {
      // Node loads its UMD file, of which nothing can be left out: 260 KB instead of 46 KB.
      'hash-wasm': 'hash-wasm/dist/index.esm.js',
      // As `require` does: protobufjs takes what it gets for the class, and an ES module is not the class.
      long: join(projectRoot, 'node_modules', 'long', 'umd', 'index.js'),
    },
  },
  onLog: (_level, log) => {
    // What a command loads only when it needs it, a worker may have anyway.
    if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
    throw new Error(log.message);
  },
};

try {
  const modules = [...(await bundleWorker()), ...(await bundleTemporal()), ...(await bundleCommands())];
  await bundleWorkflows();
  writeFileSync(join(unfinished, 'THIRD-PARTY-LICENSES.txt'), licensesOf(modules));
  putInPlace();
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

/** @returns {Promise<string[]>} paths of all modules that went into it */
async function bundleWorker() {
  return await bundle({
    input: workerEntries,
    external: externalInWorkers,
    chunkFileNames: 'worker-[name]-[hash].js',
  });
}

/** In one file instead of hundreds: opening those takes a command a quarter of a second. */
async function bundleTemporal() {
  const entry = {
    name: 'temporal-entry',
    resolveId: (source) => (source === 'temporal-entry' ? { id: '\0temporal-entry' } : null),
    load: (id) =>
      id === '\0temporal-entry'
        ? Object.keys(temporalPackages)
            .map((name) => `export * as ${JSON.stringify(name)} from ${JSON.stringify(name)};`)
            .join('\n')
        : null,
  };
  const modules = await bundle({
    input: { temporal: 'temporal-entry' },
    external: [],
    plugins: [entry],
    format: 'cjs',
    entryFileNames: temporalFile,
    codeSplitting: false,
  });
  const path = join(unfinished, temporalFile);
  // V8 keeps a text with one other character in twice the memory, and reads it at half the speed.
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/[^\0-\x7f]/g, escaped));
  return modules;
}

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

async function bundleCommands() {
  const { base, copy } = await startOfCopy();
  return await bundle({
    input: commandEntries,
    external: externalPackages,
    plugins: [workerApart, temporalApart],
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'base', test: (id) => base.has(id) },
        { name: 'copy', test: (id) => copy.has(id) },
      ],
    },
  });
}

async function bundle({ input, external, plugins = [], ...output }) {
  const { output: files } = await build({
    ...options,
    input,
    external,
    plugins,
    output: {
      dir: unfinished,
      entryFileNames: '[name].js',
      // Names of errors are read by people and by programs.
      keepNames: true,
      sourcemap: true,
      // V8 reads them, too.
      comments: { legal: true, annotation: false, jsdoc: false },
      ...output,
    },
  });
  return files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

/**
 * Each file that a command opens costs it half a millisecond. What `ferry copy` needs at its start is in two of them: the
 * values and settings that nearly every command needs, and the rest. The command line is separate, since workers have none.
 */
async function startOfCopy() {
  const imports = new Map();
  const listing = { name: 'imports', moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds) };
  const input = { main: commandsEntry, copy: 'src/cli/commands/copy.ts', list: 'src/cli/commands/copy-list.ts' };
  const { output } = await build({
    ...options,
    input,
    external: externalPackages,
    plugins: [listing, workerApart, temporalApart],
    write: false,
  });
  const chunks = new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])));
  const loadedBy = (name) => {
    const { moduleIds, imports: others } = chunks.get(name);
    const inner = others.filter((other) => chunks.has(other));
    return new Set([...moduleIds, ...inner.flatMap((other) => [...loadedBy(other)])]);
  };
  const entry = (name) => [...chunks.values()].find((chunk) => chunk.isEntry && chunk.name === name).fileName;
  const ofMain = loadedBy(entry('main'));
  const ofCopy = new Set([...loadedBy(entry('copy')), ...loadedBy(entry('list'))]);
  const base = new Set(
    [...ofMain, ...[...ofCopy].filter((id) => values.test(id))].filter((id) => !commandLine.test(id)),
  );
  // Two files that import each other would fail: what needs something else is not part of the base.
  const needsMore = (id) => (imports.get(id) ?? []).some((needed) => ofCopy.has(needed) && !base.has(needed));
  for (let before = Infinity; base.size < before;) {
    before = base.size;
    for (const id of base) if (!ofMain.has(id) && needsMore(id)) base.delete(id);
  }
  const copy = new Set([...ofCopy].filter((id) => !base.has(id) && !ofMain.has(id) && !commandLine.test(id)));
  return { base, copy };
}

/** A workflow that cannot be bundled is found here, not when a worker starts. */
async function bundleWorkflows() {
  const workflows = join(projectRoot, 'dist', 'src', 'workflows');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(workflows, 'index.js'),
    workflowInterceptorModules: [join(workflows, 'context-interceptors.js')],
    // The reason of a failure goes to the logger, not into the error.
    logger: new DefaultLogger('WARN', ({ level, message }) => console.error(`${level} ${message}`)),
  });
  writeFileSync(join(unfinished, 'workflow-bundle.cjs'), code);
}

/** Renames file by file, the entries last, so that a command that starts meanwhile finds all its imports. */
function putInPlace() {
  mkdirSync(destination, { recursive: true });
  const made = readdirSync(unfinished);
  const isEntry = (name) => entryNames.has(name.replace(/\.js(\.map)?$/, ''));
  const inOrder = [...made.filter((name) => !isEntry(name)), ...made.filter(isEntry)];
  for (const name of inOrder) renameSync(join(unfinished, name), join(destination, name));
  // The console has a build of its own (build-console.mjs).
  const leftovers = readdirSync(destination).filter((name) => !made.includes(name) && name !== 'console');
  for (const name of leftovers) {
    const isOld = Date.now() - statSync(join(destination, name)).mtimeMs > keptForMs;
    if (isOld) rmSync(join(destination, name), { recursive: true });
  }
  // The package has neither files of earlier builds nor source maps, which hold every source a second time.
  writeFileSync(join(destination, '.npmignore'), `${['*.map', ...leftovers].join('\n')}\n`);
}
