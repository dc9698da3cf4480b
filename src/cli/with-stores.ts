import { openExisting, openMigrated } from '../composition/open-stores.js';
import type { BaseConfig } from '../config/base-config.js';
import { createStores } from '../database/stores.js';
import type { Stores } from '../database/stores.js';
import { printMessage } from './output.js';
import { withConfigWarnings } from './with-config-warnings.js';

/**
 * Opens the stores on tables that are up to date. Only a command with `creates` creates a missing database: for other
 * commands a new, empty database would hide a wrong path.
 *
 * @throws MissingDatabase with the path
 */
export async function withStores<T>(
  { database: settings }: Pick<BaseConfig, 'database'>,
  work: (stores: Stores) => Promise<T>,
  { creates = false }: { readonly creates?: boolean } = {},
): Promise<T> {
  const database = await withConfigWarnings(async () => {
    if (!creates) return await openExisting(settings);
    const { database: made, notes } = await openMigrated(settings);
    for (const note of notes) printMessage(`note: ${note}`);
    return made;
  });
  try {
    return await work(createStores(database));
  } finally {
    await database.close();
  }
}
