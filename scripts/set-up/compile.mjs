import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import { excerpt, runCommand } from '../../src/setup/run-command.mjs';
import { announce, seconds } from '../../src/setup/say.mjs';
import { projectRoot } from './places.mjs';
import { SetUpError } from './set-up-error.mjs';

const sourceFolders = ['src', 'demo', 'bench', 'chaos'];
/** Compiled first, since the others load it as Node does: from its own dist/. */
const registry = join('packages', 'registry');
const webConsole = join('packages', 'console');
const dist = join(projectRoot, 'dist');

/**
 * TypeScript to dist/, commands and workflows bundled into dist/ferry, the web console into dist/ferry/console, each
 * unless it is of these very sources.
 */
export async function compile({ always = false } = {}) {
  await compileCode(always);
  await buildConsole(always);
}

async function compileCode(always) {
  const sources = [...sourceFolders, join(registry, 'src')].flatMap(filesIn).filter((path) => /\.(ts|mjs)$/.test(path));
  const fingerprint = fingerprintOf([
    ...sources,
    'tsconfig.json',
    'tsconfig.build.json',
    join(registry, 'tsconfig.json'),
    join(registry, 'package.json'),
    'package-lock.json',
    'scripts/build-bundle.mjs',
    'scripts/licenses-of.mjs',
  ]);
  await unlessDone({ title: 'compiled code', stamp: '.compiled-from', fingerprint, always }, async () => {
    const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
    await step('The registry package does not compile', [compiler, '-p', registry]);
    await step('The sources do not compile', [compiler, '-p', 'tsconfig.build.json']);
    removeOrphans(new Set(sources));
    await step('The commands and workflows cannot be bundled', [join('scripts', 'build-bundle.mjs')]);
  });
}

/** It takes types alone from src/, so that a change there does not build it again. */
async function buildConsole(always) {
  const files = filesIn(webConsole).filter((path) => !path.startsWith(join(webConsole, 'test')));
  const pages = ['docs/failures.md', 'docs/failures.zh-CN.md'];
  const scripts = ['package-lock.json', 'scripts/build-console.mjs', 'scripts/licenses-of.mjs'];
  const fingerprint = fingerprintOf([...files, ...pages, ...scripts]);
  await unlessDone({ title: 'web console', stamp: '.console-from', fingerprint, always }, async () => {
    await step('The web console cannot be built', [join('scripts', 'build-console.mjs')]);
  });
}

/** Does the work unless its stamp in dist/ has this fingerprint. */
async function unlessDone({ title, stamp, fingerprint, always }, work) {
  const path = join(dist, stamp);
  if (!always && existsSync(path) && readFileSync(path, 'utf8') === fingerprint) {
    announce(title, 'up to date');
    return;
  }
  const start = Date.now();
  rmSync(path, { force: true });
  await work();
  writeFileSync(path, fingerprint);
  announce(title, `compiled in ${seconds(start)}`);
}

async function step(fault, args) {
  const result = await runCommand(process.execPath, args, { cwd: projectRoot });
  if (!result.ok) throw new SetUpError(`${fault}:\n${excerpt(result.output, 40)}`);
}

/** The compiler does not remove what it made of a source that is gone. */
function removeOrphans(sources) {
  const made = [
    ...sourceFolders.map((source) => ({ source, compiled: join('dist', source) })),
    { source: join(registry, 'src'), compiled: join(registry, 'dist') },
  ];
  for (const { source, compiled } of made) {
    for (const file of filesIn(compiled)) {
      const name = relative(compiled, file)
        .replace(/\.map$/, '')
        .replace(/(\.d)?\.ts$|\.js$/, '.ts');
      if (!sources.has(join(source, name))) rmSync(join(projectRoot, file));
    }
  }
}

function filesIn(folder) {
  const absolute = join(projectRoot, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(projectRoot, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.split(sep).includes('node_modules'))
    .sort();
}

function fingerprintOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(projectRoot, path)))
      .update('\0');
  return hash.digest('hex');
}
