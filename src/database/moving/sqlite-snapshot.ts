import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';

import { missingDatabase } from '../database-fault.js';
import { openDatabaseReadOnly, openDatabase } from '../ferry-database.js';
import type { FerryDatabase } from '../ferry-database.js';
import { assertMade, migrate } from '../run-migrations.js';

/**
 * A copy of a ferry's SQLite file with its tables up to date, as the file is at this moment; the file itself is only read,
 * and may be in use. The copy is gone once it is closed.
 * @throws DatabaseFault for a file that is not there, or holds no tables of the ferry's
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
      // It writes the copy alone, and is refused all the same where writing is forbidden.
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
