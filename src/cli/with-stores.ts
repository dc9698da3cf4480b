import { openExisting, openMigrated, openReadOnly } from '../composition/open-stores.js';
import type { BaseConfig } from '../config/base-config.js';
import { configWarnings } from '../config/config-warnings.js';
import { MissingDatabase } from '../database/database-fault.js';
import { createStores } from '../database/stores.js';
import type { Stores } from '../database/stores.js';
import { printMessage } from './output.js';

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

/**
 * Opens the stores read-only: for commands that show the state.
 *
 * @throws MissingDatabase with the path; DatabaseFault when the tables are not up to date
 */
export async function withReadOnlyStores<T>(
  { database: settings }: Pick<BaseConfig, 'database'>,
  work: (
    stores: Pick<Stores, 'status' | 'budgets' | 'mirrored' | 'releases' | 'rollbacks' | 'notifications'>,
  ) => Promise<T>,
): Promise<T> {
  const database = await withConfigWarnings(async () => await openReadOnly(settings));
  try {
    return await work(createStores(database));
  } finally {
    await database.close();
  }
}

/** A database that is not found is often the result of a misspelled variable: prints the configuration warnings. */
export async function withConfigWarnings<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MissingDatabase) for (const note of configWarnings(process.env)) printMessage(`note: ${note}`);
    throw error;
  }
}
