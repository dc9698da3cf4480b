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

  test('a second one is refused, though nobody here knows a process with the number of the first', () => {
    const lock = lockDataDir(folder);
    writeRuntime(folder, { up: { pid: 2 ** 22 + 1, startedAt: '1' }, host: 'another-container' });

    expect(() => lockDataDir(folder)).toThrow(`another "ferry up" (process ${2 ** 22 + 1} on another-container) runs`);
    lock.release();
  });

  test('a folder that cannot be made or written to is said in one line, not as a bug', () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'up.lock'));

    const unmade = expect.objectContaining({
      code: 'configuration',
      message: expect.stringContaining('cannot be made'),
    });
    expect(() => lockDataDir(join(folder, 'file', 'data'))).toThrow(unmade);
    const unusable = expect.objectContaining({
      code: 'configuration',
      message: expect.stringContaining('cannot be used'),
    });
    expect(() => lockDataDir(folder)).toThrow(unusable);
  });

  test('a second one is refused while the file that says who has it is empty', () => {
    const lock = lockDataDir(folder);
    writeFileSync(join(folder, 'runtime.json'), '');

    expect(() => lockDataDir(folder)).toThrow(`another "ferry up" runs on ${folder}`);
    lock.release();
  });

  test('the folder is free again once it is given back, and the next one learns what the first had started', () => {
    const first = lockDataDir(folder);
    first.remember('Temporal', { pid: 7, startedAt: 'then' });
    first.remember('Temporal', { pid: 8, startedAt: 'later' });
    first.release();

    const second = lockDataDir(folder);

    expect(second.leftBehind).toEqual([{ pid: 8, startedAt: 'later' }]);
    second.release();
  });

  test('a lock file that is damaged is said to be, with what to do', () => {
    writeFileSync(join(folder, 'up.lock'), 'x'.repeat(4096));

    expect(() => lockDataDir(folder)).toThrow(/up\.lock is damaged: .* remove the file/);
  });
});
