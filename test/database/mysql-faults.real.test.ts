import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { DatabaseFault } from '../../src/database/database-fault.js';
import { openDatabaseReadOnly, openDatabase } from '../../src/database/ferry-database.js';
import { missingSteps } from '../../src/database/made-migrations.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { upsertWanted } from '../../src/database/wanted/upsert-wanted.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { mysqlPlace } from '../support/database-locations.js';
import type { DatabasePlace } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { imageRequest } from './store-fixture.js';

let server: MariaDbServer;
let place: DatabasePlace;

beforeAll(async () => {
  server = await startMariaDb();
  place = mysqlPlace(server);
});

afterAll(async () => await server.stop());

function settings(changed: Partial<MariaDbServer> & { readonly database?: string } = {}): DatabaseSettings {
  const { host, port, user, password } = server;
  return { kind: 'mysql', host, port, user, password, database: 'ferry', ...changed };
}

async function faultOf(work: () => Promise<unknown>): Promise<DatabaseFault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DatabaseFault) return error;
    throw error;
  }
  throw new Error('there was no fault');
}

test('a wrong password blocks, and the message does not contain it', async () => {
  const fault = await faultOf(async () => await openDatabase(settings({ password: 'not-the-password' })));

  expect(fault).toMatchObject({ code: 'database', decision: 'block', faultKind: 'refused' });
  expect(fault.message).toContain(`MySQL ${server.host}:${server.port}, database ferry, user ${server.user}`);
  expect(fault.message).toContain('MYSQL_PASSWORD');
  expect(fault.message).not.toContain('not-the-password');
});

test('an unavailable server is retried', async () => {
  const port = await freePort();

  const fault = await faultOf(async () => await openDatabase(settings({ port })));

  expect(fault).toMatchObject({ decision: 'retry', faultKind: 'connection' });
  expect(fault.message).toContain(`127.0.0.1:${port}`);
});

test('a user without permission for the database gets a message that says what to do', async () => {
  await place.run(settings(), `create or replace user 'guest'@'%' identified by 'guest-password'`);

  const fault = await faultOf(
    async () => await openDatabase(settings({ user: 'guest', password: 'guest-password', database: 'closed' })),
  );

  expect(fault).toMatchObject({ decision: 'block' });
  expect(fault.message).toMatch(/grant/i);
  expect(fault.message).not.toContain('guest-password');
});

test('a user who can only use the database does not need to create it', async () => {
  await place.run(
    settings({ database: 'narrow' }),
    `create or replace user 'narrow'@'%' identified by 'x'; grant all on narrow.* to 'narrow'@'%'`,
  );

  const database = await openDatabase(settings({ user: 'narrow', password: 'x', database: 'narrow' }));
  const { applied } = await migrate(database);
  await database.close();

  expect(applied).not.toEqual([]);
});

test('a database whose name has dots and hyphens is created and used', async () => {
  const database = await openDatabase(settings({ database: 'image-ferry.test' }));
  const { applied } = await migrate(database);
  await database.close();

  expect(applied).not.toEqual([]);
});

test('a killed connection is retried, and the next statement uses a new one', async () => {
  const database = await openDatabase(settings({ database: 'killed' }));
  await migrate(database);

  const fault = await faultOf(
    async () =>
      await database.transaction(async (inside) => {
        const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(inside);
        await place.run(settings(), `kill ${rows[0]?.id}`);
        await sql`select 1`.execute(inside);
      }),
  );
  const added = await createStores(database).wanted.addWanted([imageRequest('nginx:1.27')]);
  await database.close();

  expect(fault).toMatchObject({ decision: 'retry', faultKind: 'connection' });
  expect(added).toMatchObject([{ outcome: 'added' }]);
});

test('a transaction whose server is killed is retried, and only committed data is there', async () => {
  const database = await openDatabase(settings({ database: 'crashed' }));
  await migrate(database);
  const { wanted } = createStores(database);
  await wanted.addWanted([imageRequest('confirmed:1')]);
  let whileAway: DatabaseFault | undefined;

  const fault = await faultOf(
    async () =>
      await database.transaction(async (inside) => {
        await upsertWanted(inside, database.dialect, [
          imageRequest('unfinished:1'),
          imageRequest('confirmed:1', 'all'),
        ]);
        await server.crash(async () => {
          whileAway = await faultOf(async () => await wanted.addWanted([imageRequest('refused:1')]));
        });
        await upsertWanted(inside, database.dialect, [imageRequest('unfinished:2')]);
      }),
  );
  const [again] = await wanted.addWanted([imageRequest('unfinished:1')]);
  const rows = await place.query(settings({ database: 'crashed' }), 'select image from images_for_push order by id');
  await database.close();

  expect([fault, whileAway]).toMatchObject([{ faultKind: 'connection' }, { faultKind: 'connection' }]);
  expect([fault.decision, fault.code]).toEqual(['retry', 'database']);
  expect(again).toMatchObject({ outcome: 'added' });
  expect(rows.map((row) => row['image'])).toEqual(['docker.io/library/confirmed:1', 'docker.io/library/unfinished:1']);
});

test('a server that becomes read-only in a failover is reported, and writes succeed again afterwards', async () => {
  const narrow = settings({ database: 'primary', user: 'writer', password: 'x' });
  await place.run(
    settings({ database: 'primary' }),
    `create or replace user 'writer'@'%' identified by 'x'; grant all on \`primary\`.* to 'writer'@'%'`,
  );
  const database = await openDatabase(narrow);
  await migrate(database);
  const { wanted } = createStores(database);
  await place.run(settings(), 'set global read_only = 1');

  const fault = await faultOf(async () => await wanted.addWanted([imageRequest('nginx:1')]));
  const read = await wanted.pendingImages({ since: 0, limit: 5, after: beforeFirstRow });
  await place.run(settings(), 'set global read_only = 0');
  const added = await wanted.addWanted([imageRequest('nginx:1')]);
  await database.close();

  expect(fault).toMatchObject({ faultKind: 'refused', mayHeal: true });
  expect(fault.message).toContain('it is read-only: set MYSQL_HOST to the primary');
  expect([read.discovered, added]).toMatchObject([[], [{ outcome: 'added' }]]);
});

test('a row that another writer locks for too long is retried', async () => {
  const database = await openDatabase(settings({ database: 'kept' }));
  await migrate(database);
  const { wanted } = createStores(database);
  await wanted.addWanted([imageRequest('nginx:1')]);
  const others = await openDatabase(settings({ database: 'kept' }));

  const fault = await others.transaction(async (holding) => {
    await sql`select id from images_for_push where id = 1 for update`.execute(holding);
    return await faultOf(async () => {
      await database.queries.connection().execute(async (one) => {
        await sql`set session innodb_lock_wait_timeout = 0`.execute(one);
        await sql`update images_for_push set note = 'x' where id = 1`.execute(one);
      });
    });
  });
  await Promise.all([database.close(), others.close()]);

  expect(fault).toMatchObject({ faultKind: 'conflict', decision: 'retry' });
  expect(fault.message).toContain('another writer held a lock for too long');
});

test('sessions use UTC and strict mode, whatever the server’s settings are', async () => {
  await place.run(settings(), `set global time_zone = '+08:00'; set global sql_mode = 'NO_BACKSLASH_ESCAPES'`);
  const database = await openDatabase(settings({ database: 'session' }));
  await migrate(database);
  const stores = createStores(database);

  await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
  const { readAt } = await stores.wanted.wantedRows('none');
  const { rows } = await sql<{ zone: string; mode: string }>`
    select @@session.time_zone as zone, @@session.sql_mode as mode`.execute(database.queries);
  const [row] = await place.query(settings({ database: 'session' }), 'select add_time from images_for_push');
  await database.close();

  expect(rows[0]?.zone).toBe('+00:00');
  expect(rows[0]?.mode).not.toContain('NO_BACKSLASH_ESCAPES');
  const written = Date.parse(`${String(row?.['add_time']).replace(' ', 'T')}Z`);
  expect(Math.abs(written - readAt)).toBeLessThan(60_000);
});

test('a value that is too long for a column of an older script is refused, not truncated', async () => {
  const database = await openDatabase(settings({ database: 'short' }));
  await place.run(
    settings({ database: 'short' }),
    `create table images_for_push (id int auto_increment primary key, source_registry_url varchar(50),
       orig_name_space varchar(50), orig_image_name varchar(10), add_time datetime, platform varchar(50), push_status int)`,
  );
  await migrate(database);

  const fault = await faultOf(
    async () => await createStores(database).wanted.addWanted([imageRequest('a-rather-long-name:1.27')]),
  );
  await database.close();

  expect(fault).toMatchObject({ decision: 'block', faultKind: 'statement' });
  expect(fault.message).toContain('orig_image_name');
});

test('a read-only connection creates no database and cannot change an existing one', async () => {
  const missing = settings({ database: 'looked_into' });

  const fault = await faultOf(async () => await openDatabaseReadOnly(missing));

  expect(fault.message).toMatch(/no database looked_into on .* yet: create it with "ferry up" or "ferry migrate"$/);
  const made = await openDatabase(missing);
  await migrate(made);
  await made.close();
  const looked = await openDatabaseReadOnly(missing);
  expect(await missingSteps(looked)).toEqual([]);
  await faultOf(async () => await createStores(looked).wanted.addWanted([imageRequest('nginx:1')]));
  await looked.close();
});
