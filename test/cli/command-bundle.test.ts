import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { projectRoot } from '../../demo/tools.js';

const bundle = join(projectRoot, 'dist', 'ferry');

test.each(['main', 'copy', 'copy-list'])('the bundle of %s loads neither Temporal nor a database', (name) => {
  const opened = openedWith(name === 'main' ? 'main.js' : fileOf(name));

  expect(opened.filter((path) => /temporal|libsql|database|stores/.test(path))).toEqual([]);
});

test('a command that reads the database loads a driver only when it is used', () => {
  const opened = openedWith(fileOf('list'));

  expect(opened).toContainEqual(expect.stringMatching(/stores-/));
  expect(opened.filter((path) => /libsql|(mysql|sqlite)-database/.test(path))).toEqual([]);
});

test.each(['find', 'use', 'catalog', 'retry', 'release'])('ferry %s starts without loading Temporal', (name) => {
  expect(openedWith(fileOf(name)).filter((path) => path.includes('with-temporal'))).toEqual([]);
  expect(openedWith(fileOf('sync'))).toContainEqual(expect.stringContaining('with-temporal'));
});

test("the worker's bundle contains no second copy of Temporal beside node_modules", () => {
  const maps = readdirSync(bundle).filter((name) => /^worker-.*\.map$/.test(name));
  const sources = maps.flatMap((name) => {
    const map: { readonly sources: readonly string[] } = JSON.parse(readFileSync(join(bundle, name), 'utf8'));
    return map.sources;
  });

  expect(openedWith('worker-main.js')).toContain('@temporalio/worker');
  expect(sources).toContain('../../src/worker.ts');
  expect(sources.filter((path) => path.includes('node_modules/@temporalio/'))).toEqual([]);
});

/** The file that is imported when a command is called. */
function fileOf(command: string): string {
  const main = readFileSync(join(bundle, 'main.js'), 'utf8');
  const [, name] = new RegExp(`import\\("\\./(${command}-[\\w-]{8}\\.js)"\\)`).exec(main) ?? [];
  if (name === undefined) throw new Error(`main.js imports no file of the command ${command}`);
  return name;
}

/** The files that Node opens before a file of the bundle runs: its static imports and theirs, without dynamic ones. */
function openedWith(name: string): readonly string[] {
  const opened = new Set([`./${name}`]);
  for (const path of opened) {
    if (!path.startsWith('./')) continue;
    const code = readFileSync(join(bundle, path), 'utf8');
    for (const [, , imported] of code.matchAll(/^(import|export) (?:[^'"]* from )?"([^"]+)";$/gm)) {
      if (imported !== undefined) opened.add(imported);
    }
  }
  return [...opened];
}
