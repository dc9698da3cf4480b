import { createHash } from 'node:crypto';

import type { WantedRequest, WantedResult } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';
import { upsertWanted } from './wanted/upsert-wanted.js';

const longestId = 255;

/** A delivery of a webhook or an API request, and the workflow execution that handles it. */
export interface DeliveryClaim {
  readonly id: string;
  readonly owner: string;
}

/** Handled deliveries. Temporal deletes old workflows, but a sender may redeliver weeks later. */
export class DeliveryStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Records the requests of a delivery for its first owner, which may repeat it, until the history is pruned. The delivery
   * and its rows are committed together, so a failed attempt leaves neither.
   * @returns undefined if another owner has handled the delivery: nothing is changed then
   * @see upsertWanted
   */
  async record(
    { id, owner }: DeliveryClaim,
    requests: readonly WantedRequest[],
  ): Promise<readonly WantedResult[] | undefined> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      const isFirst = await claim(inside, dialect, { id: short(id), owner: short(owner) });
      return isFirst ? await upsertWanted(inside, dialect, requests) : undefined;
    });
  }
}

async function claim(queries: Queries, dialect: DialectDifferences, { id, owner }: DeliveryClaim): Promise<boolean> {
  const row = { id, owner, received_at: await dialect.now(queries) };
  await dialect.insertAbsent(queries, 'deliveries', [row], ['id']);
  const select = queries.selectFrom('deliveries').select('owner').where('id', '=', id);
  return (await dialect.locking(select).executeTakeFirstOrThrow()).owner === owner;
}

/** Senders choose their IDs. An ID that is too long for its column is replaced by its digest. */
function short(text: string): string {
  return text.length <= longestId ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
