import type { DatabaseConfig } from '../config/base-config.js';
import { DatabaseFault } from '../database/database-fault.js';
import type { FerryDatabase } from '../database/ferry-database.js';
import { lookIntoDatabase, openDatabase } from '../database/ferry-database.js';
import { assertMade, migrate } from '../database/run-migrations.js';
import type { Migrated, MigrateOptions } from '../database/run-migrations.js';
import { FerryError } from '../domain/ferry-error.js';

/**
 * The database with its tables up to date, whatever part is the first to come.
 *
 * @throws FerryError `configuration` when it refuses: nothing was started yet, and a person has to act
 */
export async function openMigrated(
  settings: DatabaseConfig,
  options: MigrateOptions = {},
): Promise<Migrated & { readonly database: FerryDatabase }> {
  let database: FerryDatabase | undefined;
  try {
    database = await openDatabase(settings);
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
 * The database with its tables up to date, where the ferry has made them: what only looks at rows, or changes some, makes
 * nothing in a place that may be the wrong one.
 *
 * @throws MissingDatabase
 */
export async function openExisting(settings: DatabaseConfig): Promise<FerryDatabase> {
  await (await lookInto(settings)).close();
  return (await openMigrated(settings)).database;
}

/** The same for looking alone: nothing is written. @throws MissingDatabase */
export async function lookInto(settings: DatabaseConfig): Promise<FerryDatabase> {
  const database = await lookIntoDatabase(settings);
  try {
    await assertMade(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A host name that does not exist is one, too: what is away for a moment has another code. */
function isWrongSetting(error: unknown): error is DatabaseFault {
  if (!(error instanceof DatabaseFault)) return false;
  const { trouble, cause } = error;
  return trouble === 'refused' || (cause instanceof Error && 'code' in cause && cause.code === 'ENOTFOUND');
}
