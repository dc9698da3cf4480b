import { inTransaction } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { Fixture } from './store-fixture.js';

/** Stores whose statements are counted, without the beginnings and ends of transactions. */
export function counted({ database }: Pick<Fixture, 'database'>): {
  readonly stores: Stores;
  readonly statements: () => number;
  readonly transactions: () => number;
} {
  let statements = 0;
  let transactions = 0;
  const queries = database.queries.withPlugin({
    transformQuery: ({ node }) => {
      statements += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const stores = createStores({
    ...database,
    queries,
    transaction: async (work) => {
      transactions += 1;
      return await inTransaction(queries, work);
    },
  });
  return { stores, statements: () => statements, transactions: () => transactions };
}
