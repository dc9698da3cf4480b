import { afterAll, beforeAll, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { mysqlPlace } from '../support/database-locations.js';
import type { DatabasePlace } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { legacySchema } from './legacy-rows.js';
import { imageRequest } from './store-fixture.js';

let server: MariaDbServer;
let place: DatabasePlace;

beforeAll(async () => {
  server = await startMariaDb();
  place = mysqlPlace(server);
});

afterAll(async () => {
  await place.clear();
  await server.stop();
});

/** A database with the older scripts' tables, and the same for a user who has these privileges on it. */
async function databaseFor(
  user: string,
  privileges: string,
): Promise<{ all: DatabaseSettings; narrow: DatabaseSettings }> {
  const all = place.fresh();
  if (all.kind !== 'mysql') throw new Error('the place is MySQL');
  await place.run(
    all,
    `${legacySchema('mysql')} create or replace user '${user}'@'%' identified by 'x';
     grant ${privileges} on \`${all.database}\`.* to '${user}'@'%'`,
  );
  return { all, narrow: { ...all, user, password: 'x' } };
}

async function migrated(settings: DatabaseSettings): Promise<readonly string[]> {
  const database = await openDatabase(settings);
  try {
    const { notes } = await migrate(database);
    await createStores(database).wanted.addWanted([imageRequest('nginx:1.27')]);
    return notes;
  } finally {
    await database.close();
  }
}

test('a user who can only read is refused with the sufficient GRANT statement', async () => {
  const { all, narrow } = await databaseFor('reader', 'select');

  const refusal = await migrated(narrow).catch(String);
  const [grant = ''] = /GRANT .*;/.exec(String(refusal)) ?? [];
  await place.run(all, grant);

  expect(refusal).toContain('lacks the privileges INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP');
  await expect(migrated(narrow)).resolves.toEqual([]);
});

test('a user who can only change rows is refused until an administrator has migrated the tables', async () => {
  const { all, narrow } = await databaseFor('writer', 'select, insert, update, delete');

  const refusal = await migrated(narrow).catch(String);
  await migrated(all);

  expect(refusal).toContain('lacks the privileges CREATE, ALTER, INDEX, DROP');
  await expect(migrated(narrow)).resolves.toEqual([]);
});

test('a role whose privileges the server does not list is accepted', async () => {
  const { all, narrow } = await databaseFor('member', 'usage');
  if (all.kind !== 'mysql') throw new Error('the place is MySQL');
  await place.run(
    all,
    `create or replace role mirrors; grant all on \`${all.database}\`.* to mirrors; grant mirrors to 'member'@'%';
     set default role mirrors for 'member'@'%'`,
  );

  await expect(migrated(narrow)).resolves.toEqual([]);
});

test('a unique index that refuses a second platform is reported by the check, and when it refuses a row', async () => {
  const { all } = await databaseFor('unused', 'usage');
  await place.run(all, 'alter table images_for_push add unique key only_once (orig_name_space, orig_image_name)');

  const notes = await migrated(all);
  const database = await openDatabase(all);
  const { wanted } = createStores(database);
  const refusal = await wanted
    .addWanted([imageRequest('nginx:1.27', 'linux/arm64')])
    .then(() => 'it was taken', String);
  await database.close();

  const said =
    'the unique index only_once (orig_name_space, orig_image_name) of images_for_push refuses an image that is wanted for a second platform';
  expect(notes.join()).toContain(said);
  expect(refusal).toContain(said);
  expect(refusal).toContain('"ALTER TABLE images_for_push drop index only_once;" removes it');
});
