import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Libsql from 'libsql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { run } from '../../src/cli/main.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-no-database-'));
  said = '';
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('MY_REGISTRY', '127.0.0.1:9');
  vi.stubEnv('DB_HOST', 'db.example.com');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const commands = [
  ['status'],
  ['status', 'nginx:1.27'],
  ['list', 'wanted'],
  ['list', 'pushed'],
  ['retry', 'nginx:1.27', '--no-sync'],
  ['remove', 'nginx:1.27'],
  ['sync', '--backfill', 'private'],
  ['plan'],
];

test.each(commands)('without a database "ferry %s %s" reports the path and creates none', async (...argv) => {
  const status = await run(['node', 'ferry', ...argv.filter((part) => part !== undefined)]);

  expect(status).toBe(1);
  expect(said).toContain(`there is no database at ${join(folder, 'ferry.db')} yet`);
  expect(said).toContain('note: unknown variable DB_HOST; did you mean MYSQL_HOST?');
  expect(existsSync(join(folder, 'ferry.db'))).toBe(false);
});

test.each(commands)('with an empty database "ferry %s %s" reports that it is empty', async (...argv) => {
  new Libsql(join(folder, 'ferry.db')).exec('create table others (id integer)');

  const status = await run(['node', 'ferry', ...argv.filter((part) => part !== undefined)]);

  expect(status).toBe(1);
  expect(said).toContain(`the database is empty: ${join(folder, 'ferry.db')} has no tables yet`);
});

test('tables of the older scripts are taken over by ferry migrate, not by ferry list', async () => {
  new Libsql(join(folder, 'ferry.db')).exec(
    'create table images_for_push (id integer primary key, orig_image_name text)',
  );

  const status = await run(['node', 'ferry', 'list', 'wanted']);

  expect(status).toBe(1);
  expect(said).toContain('were not taken over by the ferry yet: run "ferry migrate"');
});

test('"ferry add --no-sync" creates the database, and "ferry list" reads it afterwards', async () => {
  writtenTo('stdout');

  const added = await run(['node', 'ferry', 'add', 'nginx:1.27', '--no-sync']);
  const listed = await run(['node', 'ferry', 'list', 'wanted']);

  expect([added, listed]).toEqual([0, 0]);
});
