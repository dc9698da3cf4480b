import { openReadOnly } from '../composition/open-stores.js';
import type { BaseConfig } from '../config/base-config.js';
import type { FerryDatabase } from '../database/ferry-database.js';
import { withConfigWarnings } from './with-config-warnings.js';

/**
 * Opens the database read-only. A command that makes only the stores that it needs starts sooner than with all of them.
 *
 * @throws MissingDatabase with the path; DatabaseFault when the tables are not up to date
 */
export async function withReadOnlyDatabase<T>(
  { database: settings }: Pick<BaseConfig, 'database'>,
  work: (database: FerryDatabase) => Promise<T>,
): Promise<T> {
  const database = await withConfigWarnings(async () => await openReadOnly(settings));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
