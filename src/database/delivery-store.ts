import { createHash } from 'node:crypto';

import type { FerryDatabase } from './ferry-database.js';

const longestId = 255;

/** Deliveries of webhooks that were handled: Temporal forgets its workflows, a sender may deliver again weeks later. */
export class DeliveryStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * True for whoever brings a delivery first, and for the same owner as often as it asks; false for everybody else,
   * until the history is pruned.
   */
  async first(id: string, owner: string): Promise<boolean> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      const row = { id: short(id), owner: short(owner), received_at: await dialect.now(inside) };
      await dialect.insertAbsent(inside, 'deliveries', [row], ['id']);
      const select = inside.selectFrom('deliveries').select('owner').where('id', '=', row.id);
      const first = await dialect.locking(select).executeTakeFirstOrThrow();
      return first.owner === row.owner;
    });
  }
}

/** Senders choose their IDs: one that is too long for its column is known by its digest. */
function short(text: string): string {
  return text.length <= longestId ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
