import { rmSync } from 'node:fs';

import Libsql from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { moveState } from '../../src/database/moving/move-state.js';
import { tablesByKey } from '../../src/database/moving/moved-tables.js';
import { openSnapshot } from '../../src/database/moving/sqlite-snapshot.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { mysqlPlace, sqlitePlace } from '../support/database-locations.js';
import type { DatabasePlace } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { legacyRows, legacySchema } from './legacy-rows.js';
import { imageRequest, pushed, syncImage, uploadOf } from './store-fixture.js';

const files = sqlitePlace();
let server: MariaDbServer;
let place: DatabasePlace;

beforeAll(async () => {
  server = await startMariaDb();
  place = mysqlPlace(server);
});

afterAll(async () => {
  await files.clear();
  await server.stop();
});

const image = 'docker.io/library/redis:7';
const numbered = ['images_for_push', 'pushed_images', 'pushed_platforms'];
const tables = [...numbered, ...Object.keys(tablesByKey)];

/** A ferry's file with rows of the older scripts, duplicates and refused rows, and something in every table. */
async function usedFile(): Promise<{ path: string; settings: DatabaseSettings; close: () => Promise<void> }> {
  const settings = files.fresh();
  if (settings.kind !== 'sqlite') throw new Error('files are SQLite');
  await files.run(settings, `${legacySchema('sqlite')}\n${legacyRows(60).script}`);
  await files.run(settings, "insert into images_for_push (orig_image_name) values ('not an image'), ('')");
  const database = await openDatabase(settings);
  await migrate(database);
  const stores = createStores(database);
  await stores.wanted.normalizeRows();
  await stores.wanted.addWanted([
    imageRequest('redis:7'),
    imageRequest('redis:7', 'linux/arm64'),
    imageRequest('nginx:9'),
  ]);
  await syncImage(stores, image, {
    targets: ['aliyun', 'private'].map((name) => pushed(name, 'redis:7', ['linux/amd64', 'linux/arm64'])),
  });
  await stores.uploads.save(uploadOf(`sha256:${'1'.repeat(64)}`));
  await stores.releases.save('dify', [{ release: '1.10.0', images: [{ service: 'api', image }] }]);
  await stores.habits.save('aliyun.example.com', { afterBreak: 'keeps-bytes' });
  await stores.requests.record([
    { at: 1, kind: 'webhook', method: 'POST', route: '/webhooks/github', status: 204, outcome: 'accepted' },
  ]);
  await stores.checks.record({ id: 'r', upstream: 'dify', workflowId: 'w', runId: 'r', startedAt: 1, report: {} });
  await stores.endedSessions.end('session', 1);
  await files.run(
    settings,
    `insert into blob_locations values ('r.example.com', 'sha256:a', 'm/redis', 1);
     insert into deliveries values ('d', 'o', 1);
     insert into runs (id, reasons, started_at) values ('run-9', '[]', 1);
     insert into source_budgets (host, rate_limit_source, pulls, window_ms) values ('docker.io', '', 100, 1000);
     insert into source_pulls values ('docker.io', '', 5, 1);
     insert into upstreams (name, fingerprint, handled_at, checked_at) values ('dify', 'f', 1, 1);
     insert into notification_incidents
       (scope, cause, kind, code, reason, is_shared, images, opened_at, announced_at, over_at)
       values ('run', 'c', 'blocked', 'denied', '', 1, 1, 1, 1, 0);
     insert into notification_members values (1, 'i');
     insert into notifications (message_id, channel, kind, title, facts, state, created_at, attempts)
       values ('msg_1', 'ops', 'test', 't', '{}', 'sent', 1, 1);
     insert into notification_attempts (notification, at, outcome) values (1, 1, 'sent');
     insert into notification_channels (name, buckets, paused_until, failures) values ('ops', '{}', 0, 0);
     insert into notification_cursors (name, position) values ('events', 1);
     insert into audits (id, started_at, who, scope) values ('audit-1', 1, 'cli', '{}');
     insert into audit_findings (audit, image, target, kind, action, reference, expected, reason, found_at)
       values ('audit-1', 'i', 't', 'lost', 'healing', 'r', 'd', 'gone', 1);`,
  );
  return { path: settings.path, settings, close: database.close };
}

async function target(): Promise<{ settings: DatabaseSettings; database: FerryDatabase }> {
  const settings = place.fresh();
  const database = await openDatabase(settings);
  await migrate(database);
  return { settings, database };
}

async function move(path: string, database: FerryDatabase) {
  const snapshot = await openSnapshot(path);
  try {
    return await moveState(snapshot, database);
  } finally {
    await snapshot.close();
  }
}

test(
  'the whole state of a SQLite file that is in use moves to MySQL, and once more changes nothing',
  { timeout: 120_000 },
  async () => {
    const file = await usedFile();
    const { settings, database } = await target();

    const first = await move(file.path, database);
    const second = await move(file.path, database);

    expect(first.map(({ table }) => table)).toEqual(tables);
    for (const { table, rows, moved, kept } of first) {
      expect([table, moved, kept]).toEqual([table, rows, 0]);
      expect([table, rows > 0]).toEqual([table, true]);
      const [there] = await place.query(settings, `select count(*) as c from ${table}`);
      expect([table, there]).toEqual([table, { c: rows }]);
    }
    expect(second.filter(({ moved }) => moved > 0)).toEqual([]);
    const query = `select image, platform, push_status, ferry_status, image_key, blocked_code, targets from images_for_push
    order by image_key, orig_image_name, platform`;
    expect(await place.query(settings, query)).toEqual(await files.query(file.settings, query));
    const { status: queries, wanted } = createStores(database);
    const status = await queries.status(image);
    expect(status.wanted.map(({ state }) => state)).toEqual(['pushed', 'pushed']);
    expect(status.pushed[0]?.platforms).toHaveLength(2);
    expect(await wanted.normalizeRows()).toMatchObject({ adopted: 0, duplicates: 0, refused: 0 });
    await database.close();
    await file.close();
  },
);

test('every table of the ferry is moved', async () => {
  const { settings, database } = await target();
  await database.close();

  const there = await place.query(settings, 'show tables');

  const names = there.map((row) => String(Object.values(row)[0])).filter((name) => !name.startsWith('kysely_'));
  expect(names.sort()).toEqual([...tables].sort());
});

test('a move does not change existing rows and adds the others', { timeout: 60_000 }, async () => {
  const file = await usedFile();
  const { settings, database } = await target();
  await createStores(database).wanted.addWanted([imageRequest('redis:7'), imageRequest('only-here:1')]);

  const moved = await move(file.path, database);

  expect(moved[0]).toMatchObject({ table: 'images_for_push', kept: 1 });
  const rows = await place.query(
    settings,
    `select orig_image_name as name, platform, push_status as status from images_for_push
     where orig_image_name in ('redis:7', 'only-here:1') order by name, platform`,
  );
  expect(rows).toEqual([
    { name: 'only-here:1', platform: 'linux/amd64', status: 0 },
    { name: 'redis:7', platform: 'linux/amd64', status: 0 },
    { name: 'redis:7', platform: 'linux/arm64', status: 1 },
  ]);
  await database.close();
  await file.close();
});

test('an interrupted move changes nothing', { timeout: 60_000 }, async () => {
  const file = await usedFile();
  const { settings, database } = await target();
  await place.run(
    settings,
    "create trigger stop before insert on upstreams for each row signal sqlstate '45000' set message_text = 'no'",
  );

  await expect(move(file.path, database)).rejects.toThrow('a trigger refuses a row');

  for (const table of tables) expect(await place.query(settings, `select * from ${table}`)).toEqual([]);
  await database.close();
  await file.close();
});

test('a file that does not exist, or contains no tables of the ferry, is refused with its path', async () => {
  const settings = files.fresh();
  const path = settings.kind === 'sqlite' ? settings.path : '';

  await expect(openSnapshot(path)).rejects.toThrow(`there is no database at ${path}`);
  const empty = new Libsql(path);
  empty.exec('create table others (id integer)');
  empty.close();
  await expect(openSnapshot(path)).rejects.toThrow(/the database is empty: .*has no tables yet/);
  rmSync(path);
});
