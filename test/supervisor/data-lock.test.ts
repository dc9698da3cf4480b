import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { lockDataDir } from '../../src/supervisor/data-lock.js';

describe('one ferry for one data folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('a second one is refused and told which process has the folder', () => {
    const unlock = lockDataDir(folder);

    expect(() => lockDataDir(folder)).toThrow(new RegExp(`process ${process.pid}\\) runs on `));
    unlock();
  });

  test('the folder is free again once it is given back', () => {
    lockDataDir(folder)();

    lockDataDir(folder)();

    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' })],
    ['an earlier process with the number of a living one', JSON.stringify({ pid: process.pid, startedAt: 'before' })],
    ['nobody who can be read', ''],
  ])('a lock left behind by %s is taken over', (_who, content) => {
    writeFileSync(join(folder, 'up.lock'), content);

    const unlock = lockDataDir(folder);

    expect(() => lockDataDir(folder)).toThrow(/another "ferry up"/);
    unlock();
  });
});
