import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { examineTables } from '../../src/database/forms/examine-tables.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';

const wanted = `id INTEGER PRIMARY KEY, source_registry_url TEXT DEFAULT 'docker.io', orig_name_space TEXT,
  orig_image_name TEXT, add_time TEXT, platform TEXT DEFAULT 'linux/amd64'`;
const status = 'push_status INTEGER DEFAULT 0';
const pushed = `id INTEGER PRIMARY KEY, source_registry_url TEXT, target_registry_url TEXT, orig_name_space TEXT,
  orig_image_name TEXT, targ_name_space TEXT, push_time TEXT, registry_image_name TEXT, push_status INTEGER DEFAULT 1,
  image_size TEXT, digest TEXT, platform TEXT`;

let folder: string;
let path: string;
let database: FerryDatabase | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-foreign-tables-'));
  path = join(folder, 'ferry.db');
});

afterEach(async () => {
  await database?.close();
  database = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A file that another program has made. */
async function opened(script: string): Promise<FerryDatabase> {
  const file = new Libsql(path);
  file.exec(script);
  file.close();
  database = await openDatabase({ kind: 'sqlite', path });
  return database;
}

describe('bytes that another program left in columns of text', () => {
  test.each(['source_registry_url', 'orig_image_name', 'platform', 'push_status', 'add_time'])(
    'are read as text in images_for_push.%s',
    async (column) => {
      const open = await opened(
        `CREATE TABLE images_for_push (${wanted}, ${status});
         INSERT INTO images_for_push (orig_image_name) VALUES ('nginx:1');
         UPDATE images_for_push SET ${column} = CAST(coalesce(${column}, '') AS BLOB)`,
      );
      await migrate(open);

      expect((await createStores(open).status.listWanted('wanted')).items).toMatchObject([
        { image: 'docker.io/library/nginx:1' },
      ]);
    },
  );

  test.each(['target_registry_url', 'registry_image_name', 'digest', 'push_time'])(
    'are read as text in pushed_images.%s',
    async (column) => {
      const open = await opened(
        `CREATE TABLE pushed_images (${pushed});
         INSERT INTO pushed_images (source_registry_url, target_registry_url, orig_image_name, registry_image_name, digest)
           VALUES ('docker.io', 'r.example.com', 'nginx:1', 'r.example.com/m/nginx:1', 'sha256:${'a'.repeat(64)}');
         UPDATE pushed_images SET ${column} = CAST(coalesce(${column}, '') AS BLOB)`,
      );
      await migrate(open);

      const { items } = await createStores(open).status.listPushed();
      expect(items).toMatchObject([{ image: 'docker.io/library/nginx:1' }]);
    },
  );
});

describe('what is to be typed about a table', () => {
  test('has no statement that SQLite does not know: a column is made again in two', async () => {
    const open = await opened(
      `CREATE TABLE images_for_push (${wanted}, done INTEGER, push_status INTEGER AS (done) STORED)`,
    );

    const { faults } = await examineTables(open, { isMigrated: false });

    expect(faults.join()).toContain(
      'ALTER TABLE images_for_push drop column push_status; ALTER TABLE images_for_push add column push_status int',
    );
  });

  test('has no statement that SQLite does not know: a column that must be given makes the table be made again', async () => {
    const open = await opened(`CREATE TABLE images_for_push (${wanted}, ${status}, team TEXT NOT NULL)`);

    const { faults } = await examineTables(open, { isMigrated: false });

    expect(faults.join()).toContain('RENAME TO old_images_for_push');
    expect(faults.join()).not.toContain('modify');
  });

  test.each([
    [
      'an index',
      `${wanted}, ${status}`,
      'CREATE UNIQUE INDEX once ON images_for_push (orig_image_name)',
      '"DROP INDEX once;"',
    ],
    [
      'a constraint',
      `${wanted.replace('orig_image_name TEXT', 'orig_image_name TEXT UNIQUE')}, ${status}`,
      '',
      'RENAME TO',
    ],
  ])('removes uniqueness in the way that SQLite has: %s', async (_, columns, more, expected) => {
    const open = await opened(`CREATE TABLE images_for_push (${columns}); ${more}`);

    const { notes } = await examineTables(open, { isMigrated: false });

    expect(notes.join()).toContain(expected);
    expect(notes.join()).not.toContain('drop index');
  });
});

test.each([
  ['a CHECK constraint', `${wanted}, ${status} CHECK (push_status IN (0, 1))`, ''],
  [
    'a trigger',
    `${wanted}, ${status}`,
    "CREATE TRIGGER keep BEFORE UPDATE ON images_for_push BEGIN SELECT raise(ABORT, 'not here'); END;",
  ],
])('%s that refuses what the ferry writes is named with what to do', async (what, columns, more) => {
  const open = await opened(
    `CREATE TABLE images_for_push (${columns}); ${more} INSERT INTO images_for_push (orig_image_name) VALUES ('NGINX:1')`,
  );

  const takeOver = async (): Promise<unknown> => {
    await migrate(open);
    return await createStores(open).wanted.normalizeRows();
  };

  await expect(takeOver()).rejects.toThrow(
    new RegExp(`${what} of one of its tables refuses what the ferry writes .*: remove it`),
  );
});
