import { DatabaseFault } from '../database/database-fault.js';
import { openDatabaseReadOnly, openDatabase } from '../database/ferry-database.js';
import type { FerryDatabase } from '../database/ferry-database.js';
import { assertMade, assertUpToDate } from '../database/made-migrations.js';
import type { Migrated, MigrateOptions } from '../database/run-migrations.js';
import type { DatabaseSettings } from '../domain/database-settings.js';
import { FerryError } from '../domain/ferry-error.js';

/**
 * Opens the database and migrates its tables, whichever part starts first.
 *
 * @throws FerryError `configuration` if the database refuses: nothing was started yet, and a person has to act
 */
export async function openMigrated(
  settings: DatabaseSettings,
  options: MigrateOptions = {},
): Promise<Migrated & { readonly database: FerryDatabase }> {
  let database: FerryDatabase | undefined;
  try {
    database = await openDatabase(settings);
    const { migrate } = await import('../database/run-migrations.js');
    const { applied, notes } = await migrate(database, options);
    return { database, applied, notes: [...database.notes, ...notes] };
  } catch (error) {
    await database?.close();
    throw isWrongSetting(error)
      ? new FerryError(error.message, { code: 'configuration', decision: 'block', cause: error })
      : error;
  }
}

/**
 * Opens a database that the ferry has created, and migrates its tables: for commands that change rows. They create no
 * database, since the path may be wrong.
 *
 * @throws MissingDatabase
 */
export async function openExisting(settings: DatabaseSettings): Promise<FerryDatabase> {
  await (await openChecked(settings, assertMade)).close();
  return (await openMigrated(settings)).database;
}

/**
 * Opens the database read-only: it refuses writes, and no migration is run.
 *
 * @throws MissingDatabase if it has no tables of the ferry; DatabaseFault if they are not up to date
 */
export async function openReadOnly(settings: DatabaseSettings): Promise<FerryDatabase> {
  return await openChecked(settings, assertUpToDate);
}

async function openChecked(
  settings: DatabaseSettings,
  check: (database: FerryDatabase) => Promise<void>,
): Promise<FerryDatabase> {
  const database = await openDatabaseReadOnly(settings);
  try {
    await check(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A host name that does not exist counts as a wrong setting; a temporary DNS failure has another code. */
function isWrongSetting(error: unknown): error is DatabaseFault {
  if (!(error instanceof DatabaseFault)) return false;
  const { faultKind, cause } = error;
  return faultKind === 'refused' || (cause instanceof Error && 'code' in cause && cause.code === 'ENOTFOUND');
}
