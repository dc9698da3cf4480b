import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { backUpSqlite } from '../../src/database/sqlite/back-up-sqlite.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-backup-'));
  path = join(folder, 'ferry.db');
  const database = await openDatabase({ kind: 'sqlite', path });
  await migrate(database);
  await database.close();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a backup can be read by its owner alone, and leaves no other file', async () => {
  const backups = join(folder, 'backups');
  mkdirSync(backups);

  const { file } = await backUpSqlite(path, join(backups, 'backup.db'));

  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(backups)).toEqual(['backup.db']);
});

test('a file that cannot be made is named with the reason', async () => {
  const name = 'b'.repeat(250);

  await expect(backUpSqlite(path, join(folder, name))).rejects.toMatchObject({
    code: 'database',
    message: expect.stringMatching(/^cannot write .*name too long.*: free its disk, or name a file/) as string,
  });
});
