import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { excerpt, runCommand } from '../../src/setup/run-command.mjs';
import { announce, seconds } from '../../src/setup/say.mjs';
import { projectRoot } from './places.mjs';
import { SetUpError } from './set-up-error.mjs';

const sourceFolders = ['src', 'demo', 'bench'];
/** Compiled first, since the others load it as Node does: from its own dist/. */
const registry = join('packages', 'registry');
const dist = join(projectRoot, 'dist');
const stamp = join(dist, '.compiled-from');

/** TypeScript to dist/, commands and workflows bundled into dist/ferry, unless dist/ is of these very sources. */
export async function compile({ always = false } = {}) {
  const title = 'compiled code';
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
  if (!always && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) {
    announce(title, 'up to date');
    return;
  }
  const start = Date.now();
  rmSync(stamp, { force: true });
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  await step('The registry package does not compile', [compiler, '-p', registry]);
  await step('The sources do not compile', [compiler, '-p', 'tsconfig.build.json']);
  removeOrphans(new Set(sources));
  await step('The commands and workflows cannot be bundled', [join('scripts', 'build-bundle.mjs')]);
  writeFileSync(stamp, fingerprint);
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
