import { openExisting, openMigrated } from '../composition/open-stores.js';
import type { BaseConfig } from '../config/base-config.js';
import { configWarnings } from '../config/config-warnings.js';
import { MissingDatabase } from '../database/database-fault.js';
import type { Stores } from '../database/stores.js';
import { createStores } from '../database/stores.js';
import { say } from './output.js';

/**
 * The stores, on tables that are up to date. Only a command that begins something (`creates`) makes a database where
 * there is none: for others it would be an empty one in the wrong place.
 *
 * @throws MissingDatabase naming the place
 */
export async function withStores<T>(
  { database: settings }: Pick<BaseConfig, 'database'>,
  work: (stores: Stores) => Promise<T>,
  { creates = false }: { readonly creates?: boolean } = {},
): Promise<T> {
  const database = await tellingOfSlips(async () => {
    if (!creates) return await openExisting(settings);
    const { database: made, notes } = await openMigrated(settings);
    for (const note of notes) say(`note: ${note}`);
    return made;
  });
  try {
    return await work(createStores(database));
  } finally {
    await database.close();
  }
}

/** What is looked for in the wrong place has often a variable with a wrong name. */
export async function tellingOfSlips<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MissingDatabase) for (const note of configWarnings(process.env)) say(`note: ${note}`);
    throw error;
  }
}
