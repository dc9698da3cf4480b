import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openDatabaseReadOnly, openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { imageRequest } from './store-fixture.js';

// Only root may mount, and only a mount keeps root from writing.
describe.runIf(process.getuid?.() === 0)('a SQLite file on a disk that is read-only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-writable-'));
  const disk = mkdtempSync(join(tmpdir(), 'ferry-read-only-'));

  beforeAll(() => {
    execFileSync('mount', ['--bind', folder, disk]);
    execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
  });
  afterAll(() => {
    execFileSync('umount', ['--lazy', disk]);
    for (const path of [folder, disk]) rmSync(path, { recursive: true });
  });

  test('a database on a read-only disk can be read, and a write fails with the reason', async () => {
    await makeDatabase();
    const settings = { kind: 'sqlite', path: join(disk, 'ferry.db') } as const;

    const looked = await openDatabaseReadOnly(settings);
    const { wanted } = await createStores(looked).status.overview();
    await looked.close();
    const database = await openDatabase(settings);
    const writing = createStores(database).wanted.addWanted([imageRequest('redis:7')]);

    expect(wanted).toMatchObject({ pending: 1 });
    await expect(writing).rejects.toMatchObject({ code: 'database', faultKind: 'refused', mayHeal: true });
    await expect(writing).rejects.toThrow('it is read-only for this user: check the permissions');
    await database.close();
  });

  test('a copied database without its journal on a read-only disk is refused because even reading needs to write', async () => {
    await makeDatabase();
    copyFileSync(join(folder, 'ferry.db'), join(folder, 'copy.db'));

    const database = await openDatabaseReadOnly({ kind: 'sqlite', path: join(disk, 'copy.db') });
    const looking = createStores(database).status.overview();

    await expect(looking).rejects.toMatchObject({ code: 'database', faultKind: 'refused' });
    await expect(looking).rejects.toThrow('where SQLite must write even for reading');
    await database.close();
  });

  async function makeDatabase(): Promise<void> {
    const made = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(made);
    await createStores(made).wanted.addWanted([imageRequest('nginx:1')]);
    await sql`pragma wal_checkpoint(truncate)`.execute(made.queries);
    await made.close();
  }
});
