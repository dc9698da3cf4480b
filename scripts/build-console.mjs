// Builds the web console into dist/ferry/console, with each file compressed once here instead of for each request. The
// server serves that folder (src/server/console-files.ts).
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'vite';

import { licensesOf } from './licenses-of.mjs';
import { projectRoot } from './set-up/places.mjs';

const root = join(projectRoot, 'packages', 'console');
const finished = join(projectRoot, 'dist', 'ferry', 'console');
const unfinished = join(projectRoot, 'dist', `console.${process.pid}`);

/** A page that was opened before an update loads some of its files only when it needs them. */
const keptForMs = 24 * 60 * 60 * 1000;
/** A shorter file fits in one packet anyway. */
const compressedFromBytes = 1_000;

try {
  const modules = new Set();
  const noting = { name: 'modules', moduleParsed: ({ id }) => void modules.add(id.replace(/[?#].*$/, '')) };
  await build({
    configFile: join(root, 'vite.config.ts'),
    plugins: [noting],
    logLevel: 'warn',
    build: { outDir: unfinished, emptyOutDir: true, rolldownOptions: { checks: { pluginTimings: false } } },
  });
  writeFileSync(join(unfinished, 'THIRD-PARTY-LICENSES.txt'), licensesOf([...modules]));
  for (const file of filesIn(unfinished)) compress(file);
  putInPlace();
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

function compress(file) {
  const content = readFileSync(file);
  if (!/\.(html|js|css|svg)$/.test(file) || content.length < compressedFromBytes) return;
  // The page itself is completed by the server, for the path that it serves it under.
  if (file.endsWith('index.html')) return;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
}

/** Renames file by file, the page last, so that a server that starts meanwhile finds all that the page names. */
function putInPlace() {
  const made = filesIn(unfinished).map((file) => relative(unfinished, file));
  const isPage = (name) => name === 'index.html';
  for (const name of [...made.filter((one) => !isPage(one)), ...made.filter(isPage)]) {
    mkdirSync(dirname(join(finished, name)), { recursive: true });
    renameSync(join(unfinished, name), join(finished, name));
  }
  const leftovers = filesIn(finished).filter((file) => !made.includes(relative(finished, file)));
  for (const file of leftovers) if (Date.now() - statSync(file).mtimeMs > keptForMs) rmSync(file);
  const ignored = leftovers.map((file) => relative(finished, file));
  writeFileSync(join(finished, '.npmignore'), `${ignored.join('\n')}\n`);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.npmignore')
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
