import type { PlaceConfig } from '../config/read-config.js';
import { openDatabase } from '../database/ferry-database.js';
import { migrate } from '../database/migrate.js';
import type { Stores } from '../database/stores.js';
import { createStores } from '../database/stores.js';

/** The stores, on tables that are up to date: a command may be the first that ever runs here. */
export async function withStores<T>(
  { database: settings }: Pick<PlaceConfig, 'database'>,
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(settings);
  try {
    await migrate(database);
    return await work(createStores(database));
  } finally {
    await database.close();
  }
}
