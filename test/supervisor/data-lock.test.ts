import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { lockDataDir } from '../../src/supervisor/data-lock.js';
import { writeRuntime } from '../../src/supervisor/runtime-file.js';

describe('one ferry for one data folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('a second ferry up on a data folder is refused, also if the first is in another container', () => {
    const lock = lockDataDir(folder);
    writeRuntime(folder, { up: { pid: 2 ** 22 + 1, startedAt: '1' }, host: 'another-container' });

    expect(() => lockDataDir(folder)).toThrow(
      `another "ferry up" (process ${2 ** 22 + 1} on another-container) is running`,
    );
    lock.release();
  });

  test('a data folder that cannot be created or written to is reported in one line without a stack', () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'up.lock'));

    const unmade = expect.objectContaining({
      code: 'configuration',
      message: expect.stringContaining('cannot create the folder'),
    });
    expect(() => lockDataDir(join(folder, 'file', 'data'))).toThrow(unmade);
    const unusable = expect.objectContaining({
      code: 'configuration',
      message: expect.stringContaining('cannot use'),
    });
    expect(() => lockDataDir(folder)).toThrow(unusable);
  });

  test('a second ferry up is refused while the runtime file of the first is empty', () => {
    const lock = lockDataDir(folder);
    writeFileSync(join(folder, 'runtime.json'), '');

    expect(() => lockDataDir(folder)).toThrow(`another "ferry up" is running on ${folder}`);
    lock.release();
  });

  test('a released data folder is free again, and the next holder knows the processes of the first', () => {
    const first = lockDataDir(folder);
    first.remember('Temporal', { pid: 7, startedAt: 'then' });
    first.remember('Temporal', { pid: 8, startedAt: 'later' });
    first.release();

    const second = lockDataDir(folder);

    expect(second.leftBehind).toEqual([{ pid: 8, startedAt: 'later' }]);
    second.release();
  });

  test('a damaged lock file is reported with what to do', () => {
    writeFileSync(join(folder, 'up.lock'), 'x'.repeat(4096));

    expect(() => lockDataDir(folder)).toThrow(/up\.lock is damaged: .* remove the file/);
  });
});
