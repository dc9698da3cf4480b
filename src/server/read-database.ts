import type { AuditStore } from '../database/audit-store.js';
import type { ImageQueries } from '../database/image-queries.js';
import type { NotificationStore } from '../database/notification-store.js';
import type { OverviewQueries } from '../database/overview-queries.js';
import type { PullBudgetStore } from '../database/pull-budget-store.js';
import type { RequestStore } from '../database/request-store.js';
import type { StatusQueries } from '../database/status-queries.js';
import type { UpstreamCheckStore } from '../database/upstream-check-store.js';
import { FerryError } from '../domain/ferry-error.js';
import { refusal } from './problems.js';

/** What the read routes read. */
export interface StatusStores {
  readonly status: StatusQueries;
  readonly images: ImageQueries;
  readonly overview: OverviewQueries;
  readonly requests: Pick<RequestStore, 'list' | 'one'>;
  readonly notifications: Pick<NotificationStore, 'list' | 'one'>;
  readonly audits: Pick<AuditStore, 'list' | 'findings'>;
  readonly checks: Pick<UpstreamCheckStore, 'last'>;
  readonly budgets: Pick<PullBudgetStore, 'budgets'>;
}

/** Runs a query on the database, which is open read-only. @throws FerryError `database` when it cannot be read */
export type ReadDatabase = <T>(query: (stores: StatusStores) => Promise<T>) => Promise<T>;

const retryAfterSeconds = 10;

/** The same for routes: a database that cannot be read is answered 503 with the reason. */
export function orUnavailable(readDatabase: ReadDatabase): ReadDatabase {
  return async (query) => {
    try {
      return await readDatabase(query);
    } catch (error) {
      if (!(error instanceof FerryError) || error.code !== 'database') throw error;
      throw refusal(503, `the database cannot be read: ${error.message}`, {
        'retry-after': String(retryAfterSeconds),
      });
    }
  };
}
