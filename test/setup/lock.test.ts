import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { projectRoot } from '../support/tools.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-lock-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A process that reads a number and writes the next one a little later: two at once would lose an increment. */
async function count(): Promise<void> {
  const module = JSON.stringify(join(projectRoot, 'src', 'setup', 'lock.mjs'));
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { setImmediate as turn } from 'node:timers/promises';
    import { underLock } from ${module};
    await underLock('${folder}/lock', async () => {
      const number = Number(readFileSync('${folder}/number', 'utf8'));
      for (let turns = 0; turns < 200; turns += 1) await turn();
      writeFileSync('${folder}/number', String(number + 1));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
}

test('set-ups that start at the same time run one after the other', async () => {
  writeFileSync(join(folder, 'number'), '0');

  await Promise.all(Array.from({ length: 4 }, count));

  expect(readFileSync(join(folder, 'number'), 'utf8')).toBe('4');
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

test('the lock of a killed set-up is ignored', async () => {
  const gone = spawn(process.execPath, ['-e', '0']);
  await once(gone, 'exit');
  writeFileSync(join(folder, 'number'), '7');
  writeFileSync(join(folder, 'lock'), String(gone.pid));

  await Promise.all([count(), count()]);

  expect(readFileSync(join(folder, 'number'), 'utf8')).toBe('9');
});
