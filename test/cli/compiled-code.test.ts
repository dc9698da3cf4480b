import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { loadCompiled } from '../../src/cli/compiled-code.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-compiled-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file that exports this number, by way of a function that is compiled when it is called. */
function place(number: number): URL {
  const path = join(folder, 'file.cjs');
  writeFileSync(
    path,
    `const { join } = require('node:path');\nexports.read = () => ${number} + join('a', 'b').length;\n`,
  );
  return pathToFileURL(path);
}

/** What the file's function returns, in a process that ends at once. */
function load(url: URL): number {
  const ends: (() => void)[] = [];
  const loaded = loadCompiled(url, {
    variables: { XDG_CACHE_HOME: folder },
    atEnd: (work) => ends.push(work),
  }) as { readonly read: () => number };
  const result = loaded.read();
  for (const end of ends) end();
  return result;
}

function kept(): readonly string[] {
  return readdirSync(join(folder, 'image-ferry', 'compiled'));
}

test('a compiled file is loaded without a cache folder, and none is made', () => {
  expect(load(place(10))).toBe(13);

  expect(readdirSync(folder)).toEqual(['file.cjs']);
});

describe.skipIf('enableCompileCache' in module)('compiled code that is kept on Node 20', () => {
  beforeEach(() => mkdirSync(join(folder, 'image-ferry')));

  test('the compiled code of a file is kept once, and used by the next process', () => {
    const url = place(10);
    load(url);
    const [name = ''] = kept();
    const path = join(folder, 'image-ferry', 'compiled', name);
    const { ino } = statSync(path);

    expect(load(url)).toBe(13);

    expect(kept()).toEqual([name]);
    expect(statSync(path).ino).toBe(ino);
  });

  test('another file of the same length is compiled for itself', () => {
    load(place(10));

    expect(load(place(20))).toBe(23);
    expect(kept()).toHaveLength(2);
  });

  test('compiled code that is damaged is not used, and is made again', () => {
    const url = place(10);
    load(url);
    const path = join(folder, 'image-ferry', 'compiled', kept()[0] ?? '');
    const whole = readFileSync(path);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, damaged.length - 40);
    writeFileSync(path, damaged);

    expect(load(url)).toBe(13);

    expect(readFileSync(path).equals(damaged)).toBe(false);
    writeFileSync(path, whole.subarray(0, 10));
    expect(load(url)).toBe(13);
  });

  test('a cache folder that cannot be written changes nothing', () => {
    writeFileSync(join(folder, 'image-ferry', 'compiled'), 'a file in its place');

    expect(load(place(10))).toBe(13);
  });
});
