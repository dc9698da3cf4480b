import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';
import Libsql from 'libsql';
import { afterAll, expect, test } from 'vitest';

import { DatabaseFault } from '../../src/database/database-fault.js';
import { openDatabaseReadOnly, openDatabase } from '../../src/database/ferry-database.js';
import { missingSteps } from '../../src/database/made-migrations.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { imageRequest } from './store-fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-sqlite-faults-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function faultOf(work: () => Promise<unknown>): Promise<DatabaseFault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DatabaseFault) return error;
    throw error;
  }
  throw new Error('there was no fault');
}

test('the folder of the database file is created', async () => {
  const path = join(folder, 'a', 'b', 'ferry.db');

  const database = await openDatabase({ kind: 'sqlite', path });
  const { applied } = await migrate(database);
  await database.close();

  expect(applied).not.toEqual([]);
});

test('a file that is not a database is refused with its path', async () => {
  const path = join(folder, 'letter.txt');
  writeFileSync(path, 'Dear reader, this is no database, and long enough to be seen as none.\n'.repeat(20));

  const fault = await faultOf(async () => await migrate(await openDatabase({ kind: 'sqlite', path })));

  expect(fault).toMatchObject({ code: 'database', decision: 'block', faultKind: 'refused' });
  expect(fault.message).toContain(path);
});

test('an invalid path is refused with the reason', async () => {
  const path = join(folder, 'directory.db');
  mkdirSync(path);

  const fault = await faultOf(async () => await openDatabase({ kind: 'sqlite', path }));

  expect(fault).toMatchObject({ decision: 'block' });
  expect(fault.message).toContain('cannot be opened');
});

test('a folder that cannot be created is refused', async () => {
  writeFileSync(join(folder, 'file'), '');

  const fault = await faultOf(async () => await openDatabase({ kind: 'sqlite', path: join(folder, 'file', 'x.db') }));

  expect(fault).toMatchObject({ decision: 'block' });
});

test.each(['/proc/image-ferry', '/sys/image-ferry'])('a folder below %s is refused', async (place) => {
  const fault = await faultOf(async () => await openDatabase({ kind: 'sqlite', path: join(place, 'x.db') }));

  expect(fault).toMatchObject({ decision: 'block' });
  expect(fault.message).toContain('its folder cannot be created');
});

test('a statement that the database rejects is a fault without a retry', async () => {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'statement.db') });

  const fault = await faultOf(async () => await sql`selec 1`.execute(database.queries));
  await database.close();

  expect(fault).toMatchObject({ decision: 'block', faultKind: 'statement' });
});

test('a writer waits for another one and continues when it has ended', async () => {
  const path = join(folder, 'busy.db');
  const database = await openDatabase({ kind: 'sqlite', path });
  await migrate(database);
  const other = new Libsql(path);
  other.exec('begin immediate');

  const { wanted } = createStores(database);
  const adding = wanted.addWanted([imageRequest('nginx:1.27')]);
  const reading = wanted.wantedRows('docker.io/library/nginx:1.27');
  setTimeout(() => other.exec('commit'), 50);

  expect(await adding).toMatchObject([{ outcome: 'added' }]);
  expect(await reading).toMatchObject({ rows: [{ id: 1 }] });
  await database.close();
  other.close();
});

test('a single statement waits for another writer without blocking this process', async () => {
  const path = join(folder, 'busy-statement.db');
  const database = await openDatabase({ kind: 'sqlite', path });
  await migrate(database);
  const { wanted, tags } = createStores(database);
  await wanted.addWanted([imageRequest('nginx:1.27')]);
  await sql`update images_for_push set push_status = 1, ferry_status = 1`.execute(database.queries);
  const other = new Libsql(path);
  other.exec('begin immediate');

  const writing = tags.unmoved([{ image: 'docker.io/library/nginx:1.27', digest: 'sha256:new' }]);
  // This timer could not fire if libsql itself waited for the lock.
  setTimeout(() => other.exec('commit'), 20);
  await writing;
  const { rows } = await sql`select source_digest as digest from images_for_push`.execute(database.queries);
  await database.close();
  other.close();

  expect(rows).toEqual([{ digest: 'sha256:new' }]);
});

test(
  'a statement that waited or gave up keeps no transaction after it from its commit',
  { timeout: 20_000 },
  async () => {
    const path = join(folder, 'busy-before.db');
    const database = await openDatabase({ kind: 'sqlite', path });
    await migrate(database);
    const { wanted } = createStores(database);
    const other = new Libsql(path);
    const write = async (id: string) =>
      await sql`insert into blob_locations (registry, digest, repository, seen_at) values ('a', ${id}, 'r', 1)`.execute(
        database.queries,
      );
    other.exec('begin immediate');

    const fault = await faultOf(async () => await write('given-up'));
    const waiting = write('waited');
    setTimeout(() => other.exec('commit'), 50);
    await waiting;
    const added = await wanted.addWanted([imageRequest('redis:7')]);
    const { rows } = await sql`select digest from blob_locations`.execute(database.queries);
    await database.close();
    other.close();

    expect(fault).toMatchObject({ decision: 'retry', faultKind: 'conflict' });
    expect(added).toMatchObject([{ outcome: 'added' }]);
    expect(rows).toEqual([{ digest: 'waited' }]);
  },
);

test('a full disk is reported, and all data written before and after is there', async () => {
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'full.db') });
  await migrate(database);
  const { wanted } = createStores(database);
  const imageRequests = (from: string) => Array.from({ length: 500 }, (_, n) => imageRequest(`${from}-${n}:1`));
  await wanted.addWanted([imageRequest('before:1')]);
  await sql`pragma max_page_count = 1`.execute(database.queries);

  const fault = await faultOf(async () => await wanted.addWanted(imageRequests('much')));
  await sql`pragma max_page_count = 100000`.execute(database.queries);
  await wanted.addWanted([imageRequest('after:1')]);

  const { rows } = await sql<{ name: string }>`select orig_image_name as name from images_for_push order by id`.execute(
    database.queries,
  );
  await database.close();
  expect(fault).toMatchObject({ code: 'database', faultKind: 'refused', mayHeal: true });
  expect(fault.message).toContain('the disk is full: make room');
  expect(rows.map(({ name }) => name)).toEqual(['before:1', 'after:1']);
});

test('a read-only connection creates no file and does not change an existing one', async () => {
  const path = join(folder, 'looked', 'ferry.db');

  const fault = await faultOf(async () => await openDatabaseReadOnly({ kind: 'sqlite', path }));

  expect(fault.message).toMatch(/^there is no database at .* yet .*: create it with "ferry up" or "ferry migrate"$/);
  expect(fault.message).toContain(path);
  expect(existsSync(join(folder, 'looked'))).toBe(false);
  const made = await openDatabase({ kind: 'sqlite', path });
  await migrate(made);
  await sql`pragma journal_mode = delete`.execute(made.queries);
  await made.close();
  const before = readFileSync(path);
  const looked = await openDatabaseReadOnly({ kind: 'sqlite', path });
  expect(await missingSteps(looked)).toEqual([]);
  await faultOf(async () => await createStores(looked).wanted.addWanted([imageRequest('nginx:1.27')]));
  await looked.close();
  expect(readFileSync(path).equals(before)).toBe(true);
});
