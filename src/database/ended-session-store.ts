import type { FerryDatabase } from './ferry-database.js';

/** Sessions of browsers that were signed out, for all servers of one database. Pruned after their cookies have expired. */
export class EndedSessionStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** @param expiresAt of its cookie, UTC milliseconds */
  async end(id: string, expiresAt: number): Promise<void> {
    const { queries, dialect } = this.#database;
    await dialect.insertAbsent(queries, 'ended_sessions', [{ id, expires_at: expiresAt }], ['id']);
  }

  async hasEnded(id: string): Promise<boolean> {
    const { queries } = this.#database;
    const row = await queries.selectFrom('ended_sessions').select('id').where('id', '=', id).executeTakeFirst();
    return row !== undefined;
  }
}
