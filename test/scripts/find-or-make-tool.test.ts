import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { findOrMakeTool } from '../../scripts/set-up/find-or-make-tool.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-tools-'));
  vi.stubEnv('PATH', folder);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function program(name: string, version: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "gadget ${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const gadget = {
  name: 'gadget',
  title: 'gadget',
  variable: 'FERRY_TEST_GADGET',
  commands: ['ferry-test-gadget'],
  fits: (version: string) => version === 'gadget 2',
  wanted: 'gadget 2',
  ways: [] as object[],
  usedFor: ['test'],
  optionalFor: [] as string[],
  advice: 'apt-get install gadget',
};

test('a tool on PATH is taken when its version fits', async () => {
  const path = program('ferry-test-gadget', '2');

  expect(await findOrMakeTool(gadget)).toEqual({ path });
});

test('a path in the variable is taken or refused, never passed over', async () => {
  program('ferry-test-gadget', '2');
  vi.stubEnv('FERRY_TEST_GADGET', program('old-gadget', '1'));

  const { path, reason } = await findOrMakeTool(gadget);

  expect(path).toBeUndefined();
  expect(reason).toContain(`FERRY_TEST_GADGET=${folder}/old-gadget: "gadget 1" is not gadget 2`);
});

test('where no way leads to it, everything that was tried is told, and what a person would type', async () => {
  program('ferry-test-gadget', '1');
  const impossible = { title: 'by post', plan: async () => ({ impossible: 'no stamps' }) };
  const failing = {
    title: 'by hand',
    plan: async () => ({ takes: 'a day' }),
    get: async () => ({ ok: false, output: 'too heavy' }),
  };

  const { reason } = await findOrMakeTool({ ...gadget, ways: [impossible, failing] });

  expect(reason).toBe(
    [
      'gadget is missing. Tried:',
      '  - FERRY_TEST_GADGET is not set',
      `  - ${folder}/ferry-test-gadget: "gadget 1" is not gadget 2`,
      '  - by post: no stamps',
      '  - by hand:\n    too heavy',
      '  Get it: apt-get install gadget',
      '  Or say where it is: FERRY_TEST_GADGET=/path/to/ferry-test-gadget',
    ].join('\n'),
  );
});

test('what a way has made is looked at like anything else', async () => {
  const making = {
    title: 'by hand',
    plan: async () => ({ takes: 'a moment' }),
    get: async () => {
      program('ferry-test-gadget', '2');
      return { ok: true, output: '' };
    },
  };

  expect(await findOrMakeTool({ ...gadget, ways: [making] })).toEqual({ path: join(folder, 'ferry-test-gadget') });
});
