import type { FerryDatabase } from '../database/ferry-database.js';
import { createStores } from '../database/stores.js';
import type { Stores } from '../database/stores.js';
import type { DatabaseSettings } from '../domain/database-settings.js';
import { openReadOnly } from './open-stores.js';

interface OpenedDatabase {
  readonly database: FerryDatabase;
  readonly stores: Stores;
  queries: number;
  isBroken: boolean;
}

/**
 * A database of the server: opened by the first query, read-only by default, and again by the next one after a query that
 * failed. The server starts, and takes webhooks, without it.
 */
export class StatusDatabase {
  readonly #settings: DatabaseSettings;
  readonly #openDatabase: typeof openReadOnly;
  #opening: Promise<OpenedDatabase> | undefined;

  constructor(settings: DatabaseSettings, openDatabase: typeof openReadOnly = openReadOnly) {
    this.#settings = settings;
    this.#openDatabase = openDatabase;
  }

  /** @throws DatabaseFault when the database is missing, not migrated, or does not answer */
  async read<T>(query: (stores: Stores) => Promise<T>): Promise<T> {
    const opening = (this.#opening ??= this.#open());
    let opened: OpenedDatabase | undefined;
    try {
      opened = await opening;
      opened.queries += 1;
      return await query(opened.stores);
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      if (opened !== undefined) opened.isBroken = true;
      throw error;
    } finally {
      if (opened !== undefined) {
        opened.queries -= 1;
        if (opened.isBroken && opened.queries === 0) await opened.database.close();
      }
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await opened?.database.close();
  }

  async #open(): Promise<OpenedDatabase> {
    const database = await this.#openDatabase(this.#settings);
    return { database, stores: createStores(database), queries: 0, isBroken: false };
  }
}
