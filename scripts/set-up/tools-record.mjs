import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from './places.mjs';

const record = join(projectRoot, 'dist', 'tools.json');

/** Writes where the tools are, for tests, demo and `ferry up`; what an earlier set-up found stays known. */
export function recordTools(found) {
  const known = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
  const unfinished = `${record}.${process.pid}`;
  mkdirSync(join(projectRoot, 'dist'), { recursive: true });
  writeFileSync(unfinished, `${JSON.stringify({ ...known, ...found }, null, 2)}\n`);
  renameSync(unfinished, record);
}

/** Writes down which Node the set-up ran with: services look for it there, since their PATH is another one. */
export function recordNode() {
  writeFileSync(join(projectRoot, 'dist', 'node-path'), `${process.execPath}\n`);
}
