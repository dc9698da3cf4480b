import type { DatabaseSettings } from '../config/place-config.js';
import { DatabaseFault } from '../database/database-fault.js';
import type { FerryDatabase } from '../database/ferry-database.js';
import { openDatabase } from '../database/ferry-database.js';
import { migrate } from '../database/migrate.js';
import { FerryError } from '../domain/ferry-error.js';

/**
 * The database with its tables up to date, whatever part is the first to come.
 *
 * @throws FerryError `configuration` when it refuses: nothing was started yet, and a person has to act
 */
export async function openMigrated(
  settings: DatabaseSettings,
): Promise<{ readonly database: FerryDatabase; readonly applied: readonly string[] }> {
  let database: FerryDatabase | undefined;
  try {
    database = await openDatabase(settings);
    const { applied } = await migrate(database);
    return { database, applied };
  } catch (error) {
    await database?.close();
    throw isWrongSetting(error)
      ? new FerryError(error.message, { code: 'configuration', decision: 'park', cause: error })
      : error;
  }
}

/** A host name that does not exist is one, too: what is away for a moment has another code. */
function isWrongSetting(error: unknown): error is DatabaseFault {
  if (!(error instanceof DatabaseFault)) return false;
  const { trouble, cause } = error;
  return trouble === 'refused' || (cause instanceof Error && 'code' in cause && cause.code === 'ENOTFOUND');
}
