import { openMigrated } from '../composition/stores.js';
import type { PlaceConfig } from '../config/place-config.js';
import type { Stores } from '../database/stores.js';
import { createStores } from '../database/stores.js';

/** The stores, on tables that are up to date: a command may be the first that ever runs here. */
export async function withStores<T>(
  { database: settings }: Pick<PlaceConfig, 'database'>,
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const { database } = await openMigrated(settings);
  try {
    return await work(createStores(database));
  } finally {
    await database.close();
  }
}
