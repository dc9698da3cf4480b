import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';

import { missingDatabase } from '../database-fault.js';
import { openDatabaseReadOnly, openDatabase } from '../ferry-database.js';
import type { FerryDatabase } from '../ferry-database.js';
import { assertMade } from '../made-migrations.js';
import { migrate } from '../run-migrations.js';

/**
 * openSnapshot opens a migrated copy of a ferry's SQLite file in its current state. The file itself is only read and may be
 * in use. Closing the snapshot deletes the copy.
 * @throws DatabaseFault if the file does not exist or contains no tables of the ferry
 */
export async function openSnapshot(path: string): Promise<FerryDatabase> {
  if (!existsSync(path)) throw missingDatabase(`there is no database at ${path}`);
  const folder = mkdtempSync(join(tmpdir(), 'image-ferry-move-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'ferry.db');
    const original = await openDatabaseReadOnly({ kind: 'sqlite', path });
    try {
      await assertMade(original);
      // It only writes the copy, but SQLite refuses it if writes are forbidden.
      await sql`pragma query_only = off`.execute(original.queries);
      await sql`vacuum into ${copy}`.execute(original.queries);
    } finally {
      await original.close();
    }
    const database = await openDatabase({ kind: 'sqlite', path: copy });
    const close = async (): Promise<void> => {
      await database.close();
      remove();
    };
    await migrate(database);
    return { ...database, place: path, close };
  } catch (error) {
    remove();
    throw error;
  }
}
