import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { imageRequest } from './store-fixture.js';

// Only root may make a small disk; sqlite-faults.test.ts has the same fault for everybody, by SQLite's own limit.
describe.runIf(process.getuid?.() === 0)('a SQLite file on a disk that is full', () => {
  const disk = mkdtempSync(join(tmpdir(), 'ferry-full-disk-'));

  beforeAll(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,nr_inodes=12', 'tmpfs', disk]));
  afterAll(() => {
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true });
  });

  test('a full disk is reported, loses no committed data, and writes succeed again when there is space', async () => {
    const database = await openDatabase({ kind: 'sqlite', path: join(disk, 'ferry.db') });
    await migrate(database);
    const { wanted } = createStores(database);
    const confirmed: string[] = [];
    const fill = async (): Promise<void> => {
      for (let n = confirmed.length; ; n++) {
        const name = `image-${String(n).padStart(6, '0')}`;
        await wanted.addWanted([imageRequest(`${name}:1`)]);
        confirmed.push(`${name}:1`);
        // What else is on the disk grows faster than the database: it fills in the middle of a transaction.
        if (n === 20) writeFileSync(join(disk, 'log'), Buffer.alloc(2_000_000));
      }
    };

    await expect(fill()).rejects.toMatchObject({ code: 'database', faultKind: 'refused' });
    await expect(fill()).rejects.toThrow('the disk is full: make room');
    rmSync(join(disk, 'log'));
    await wanted.addWanted([imageRequest('after:1')]);

    const { rows } = await sql<{
      name: string;
    }>`select orig_image_name as name from images_for_push order by id`.execute(database.queries);
    const { rows: checks } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database.queries);
    await database.close();
    expect(confirmed.length).toBeGreaterThan(20);
    expect(rows.map(({ name }) => name)).toEqual([...confirmed, 'after:1']);
    expect(checks).toEqual([{ integrity_check: 'ok' }]);
  });

  test('a disk that is too full for the folder of the database is reported as full', async () => {
    const files = Array.from({ length: 12 }, (_, n) => join(disk, `file-${n}`));

    expect(() => files.map((path) => writeFileSync(path, ''))).toThrow('ENOSPC');
    const opening = openDatabase({ kind: 'sqlite', path: join(disk, 'folder', 'ferry.db') });

    await expect(opening).rejects.toMatchObject({ code: 'database', faultKind: 'refused' });
    await expect(opening).rejects.toThrow('the disk is full: make room');
  });
});
