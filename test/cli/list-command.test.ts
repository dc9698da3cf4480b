import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { addCommand } from '../../src/cli/commands/add.js';
import { fetchCommand } from '../../src/cli/commands/fetch.js';
import { listCommand } from '../../src/cli/commands/list.js';
import { migrateCommand } from '../../src/cli/commands/migrate.js';
import { removeCommand } from '../../src/cli/commands/remove.js';
import { statusCommand } from '../../src/cli/commands/status.js';
import { run } from '../../src/cli/main.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { writtenTo } from '../support/written-to.js';

let folder: string;
let said: string[];
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-list-'));
  vi.stubEnv('FERRY_DATA_DIR', folder);
  vi.stubEnv('MY_REGISTRY', 'registry.example.com');
  said = writtenTo('stderr');
  printed = writtenTo('stdout');
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  [['list'], ['wanted', 'pushed', 'blocked', 'waiting']],
  [
    ['list', 'everything'],
    ['unknown list "everything"', 'wanted', 'pushed', 'blocked', 'waiting'],
  ],
  [['fetch'], ['dify', 'langgenius/dify', 'xinference', 'xorbitsai/inference']],
  [['schedules'], ['ensure', 'show', 'pause', 'resume', 'trigger', 'delete']],
  [
    ['schedules', 'pause'],
    ['sync-all', 'fetch-dify', 'fetch-xinference', '--all'],
  ],
  [['retry'], ['ferry retry nginx:1.27', '--blocked', '--adopted']],
  [['remove'], ['ferry remove nginx:1.27', '--row ID', 'ferry list blocked']],
  [['add'], ['ferry add nginx:1.27', '--file', '--payload']],
  [['copy'], ['ferry copy nginx:1.27 registry.example.com/mirror/nginx', '--file']],
  [[], ['up', 'copy', 'add', 'sync', 'fetch', 'status', 'list', 'retry', 'remove', 'plan', 'doctor', 'schedules']],
] as const)('ferry %j without what it needs says which words it takes, and ends with 2', async (args, words) => {
  const status = await run(['node', 'ferry', ...args]);

  expect(status).toBe(2);
  expect(words.filter((word) => !said.join('').includes(word))).toEqual([]);
});

test('ferry fetch lists the upstreams of ferry.yaml with what a check of each reads', async () => {
  await expect(fetchCommand(undefined, {})).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringMatching(
      /^ {2}dify +images of docker\/docker-compose.yaml in the newest release of/m,
    ) as string,
  });
});

test('ferry list shows the ID of a blocked row that names no image, and ferry remove --row withdraws it', async () => {
  await addCommand(['nginx:1.27'], { sync: false });
  await insertNameless('ngi nx:1');
  await migrateCommand({});
  printed.splice(0);

  await listCommand('blocked', { limit: '10' });

  const [header = '', row = ''] = printed;
  expect(header).toMatch(/^ROW +IMAGE/);
  const id = /^(\d+) +docker\.io\/ngi nx:1 /.exec(row)?.[1];
  expect(id).toBeDefined();
  expect(said.join('')).toContain('push_status to 0, or withdraw it with "ferry remove --row ID"');
  expect(await removeCommand(undefined, { row: id ?? '' })).toBe(0);
});

test('ferry list has no ROW column when every row names an image', async () => {
  await addCommand(['nginx:1.27'], { sync: false });
  printed.splice(0);
  said.splice(0);

  await listCommand('wanted', { limit: '10' });

  expect(printed[0]).toMatch(/^IMAGE +PLATFORM/);
  expect(said).toEqual([]);
});

test('"ferry list" and "ferry status" show a row that no run has read yet, and change no row', async () => {
  await addCommand(['nginx:1.27'], { sync: false });
  await insertNameless('redis:7');
  await insertNameless('ngi nx:1');
  const before = await allRows();
  printed.splice(0);

  await listCommand('wanted', { limit: '10' });
  const listed = printed.join('');
  printed.splice(0);
  const status = await statusCommand('redis:7', {});

  expect(listed).toMatch(/docker\.io\/library\/redis:7 +linux\/amd64 +pending +never +written by another program/);
  expect(listed).toMatch(/docker\.io\/ngi nx:1 .*the next sync run blocks this row/);
  expect(status).toBe(0);
  expect(printed.join('')).toContain('the next sync run reads it');
  expect(await allRows()).toEqual(before);
});

async function allRows(): Promise<unknown> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  const rows = await database.queries.selectFrom('images_for_push').selectAll().orderBy('id').execute();
  await database.close();
  return rows;
}

async function insertNameless(name: string): Promise<void> {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await database.queries
    .insertInto('images_for_push')
    .values({ source_registry_url: 'docker.io', orig_name_space: '', orig_image_name: name })
    .execute();
  await database.close();
}
