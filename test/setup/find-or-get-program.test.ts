import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { findOrGetProgram } from '../../src/setup/find-or-get-program.mjs';
import type { Program, Way } from '../../src/setup/program-types.js';

let folder: string;
let variables: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-tools-'));
  variables = { PATH: folder, XDG_CACHE_HOME: folder };
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function program(name: string, version: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "gadget ${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const gadget: Program = {
  name: 'gadget',
  title: 'gadget',
  variable: 'FERRY_TEST_GADGET',
  commands: ['ferry-test-gadget'],
  fits: (version: string) => version === 'gadget 2',
  wanted: 'gadget 2',
  ways: [],
  advice: 'apt-get install gadget',
};

test('a program on PATH with a suitable version is used', async () => {
  const path = program('ferry-test-gadget', '2');

  expect(await findOrGetProgram(gadget, variables)).toEqual({ path });
});

test('a path in the variable is used or rejected, never skipped', async () => {
  program('ferry-test-gadget', '2');
  variables['FERRY_TEST_GADGET'] = program('old-gadget', '1');

  const { path, reason } = await findOrGetProgram(gadget, variables);

  expect(path).toBeUndefined();
  expect(reason).toContain(`FERRY_TEST_GADGET=${folder}/old-gadget: "gadget 1" is not gadget 2`);
});

test('a program that is not available is reported with everything that was tried and what to type', async () => {
  program('ferry-test-gadget', '1');
  const impossible: Way = {
    title: 'by post',
    plan: async () => ({ impossible: 'no stamps' }),
    get: async () => ({ ok: false, output: '' }),
  };
  const failing: Way = {
    title: 'by hand',
    plan: async () => ({ takes: 'a day' }),
    get: async () => ({ ok: false, output: 'too heavy' }),
  };

  const { reason } = await findOrGetProgram({ ...gadget, ways: [impossible, failing] }, variables);

  expect(reason).toBe(
    [
      'gadget is missing. Tried:',
      '  - FERRY_TEST_GADGET is not set',
      `  - ${folder}/ferry-test-gadget: "gadget 1" is not gadget 2`,
      '  - by post: no stamps',
      '  - by hand:\n    too heavy',
      '  Get it: apt-get install gadget',
      '  Or set its path: FERRY_TEST_GADGET=/path/to/ferry-test-gadget',
    ].join('\n'),
  );
});

test('a program that was just built or downloaded is checked for its version', async () => {
  const making: Way = {
    title: 'by hand',
    plan: async () => ({ takes: 'a moment' }),
    get: async () => {
      program('ferry-test-gadget', '2');
      return { ok: true, output: '' };
    },
  };

  expect(await findOrGetProgram({ ...gadget, ways: [making] }, variables)).toEqual({
    path: join(folder, 'ferry-test-gadget'),
  });
});

test('a program in the cache folder is found when there is none on PATH', async () => {
  mkdirSync(join(folder, 'image-ferry', 'bin'), { recursive: true });
  program(join('image-ferry', 'bin', 'gadget'), '2');

  expect(await findOrGetProgram({ ...gadget, cacheName: 'gadget' }, variables)).toEqual({
    path: join(folder, 'image-ferry', 'bin', 'gadget'),
  });
});
