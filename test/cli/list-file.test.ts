import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { expect, onTestFinished, test, vi } from 'vitest';

import { readListFile } from '../../src/cli/list-file.js';

test('readListFile waits for a list that arrives in pieces', async () => {
  const standardInput = new PassThrough();
  const given = vi.spyOn(process, 'stdin', 'get').mockReturnValue(standardInput as unknown as typeof process.stdin);
  onTestFinished(() => given.mockRestore());

  const reading = readListFile('-');
  standardInput.write('nginx:1');
  await new Promise(setImmediate);
  standardInput.end('.27\r\n# done\r\nredis:7');

  expect(await reading).toEqual([
    { number: 1, text: 'nginx:1.27' },
    { number: 3, text: 'redis:7' },
  ]);
});

test('readListFile ignores a byte order mark, and comments with any kind of line end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-list-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'list.txt');
  writeFileSync(file, `\uFEFF# images\nnginx:1.27${' # '.repeat(20_000)}\u2028x\n`);

  expect(await readListFile(file)).toEqual([{ number: 2, text: 'nginx:1.27' }]);
});
