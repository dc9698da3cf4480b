import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';

import type { TableName } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';

const dayMs = 86_400_000;
/** Rows per delete statement: it takes seconds and holds its locks only briefly. */
const standardBatch = 5_000;

/** The last use of an allowance: the last pull or the last announcement of the source; a configured one may have neither. */
const lastUse = sql<number>`case when coalesce(acquired_at, 0) > coalesce(observed_at, 0) then acquired_at else coalesce(observed_at, 0) end`;

/** Messages that are waiting to be sent have no age: they are kept. */
const settledSince = sql<number>`case when state in ('pending', 'sending') then ${Number.MAX_SAFE_INTEGER} else created_at end`;
const overSince = sql<number>`case when over_at = 0 then ${Number.MAX_SAFE_INTEGER} else over_at end`;

export interface PrunedHistory {
  readonly runs: number;
  readonly outcomes: number;
  readonly deliveries: number;
  readonly events: number;
  /** To the server. */
  readonly requests: number;
  /** Of upstreams. */
  readonly checks: number;
  /** Of browsers, signed out. */
  readonly sessions: number;
  /** Audits and their findings. */
  readonly audits: number;
  readonly blobLocations: number;
  readonly allowances: number;
  /** Uploads that were not finished, and habits of registries. */
  readonly uploads: number;
  /** Notifications that are not waiting, with their attempts, and incidents that are over. */
  readonly notifications: number;
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Rows deleted at once; default 5,000. */
  readonly batch?: number;
}

/**
 * Deletes old runs, the outcomes of images in them, state changes, requests, audits, deliveries, checks of upstreams, sessions that
 * were signed out, blob locations, uploads that were not finished, habits of registries, notifications, and pull allowances
 * of addresses and accounts that are no longer in use, when they are older than the configured days. Never deletes wanted
 * or pushed rows. Works in batches, each in its own transaction: after an interruption, the next call deletes the rest.
 */
export async function pruneHistory(
  { queries, dialect }: FerryDatabase,
  days: number,
  { signal, batch = standardBatch }: PruneOptions = {},
): Promise<PrunedHistory> {
  const below = (await dialect.now(queries)) - days * dayMs;
  return {
    outcomes: await pruned('run_outcomes', 'recorded_at'),
    runs: await pruned('runs', 'started_at'),
    deliveries: await pruned('deliveries', 'received_at'),
    events: await pruned('events', 'at'),
    requests: await pruned('requests', 'at'),
    checks: await pruned('upstream_checks', 'finished_at'),
    sessions: await pruned('ended_sessions', 'expires_at'),
    audits: (await pruned('audit_findings', 'found_at')) + (await pruned('audits', 'started_at')),
    // At worst, a blob that is still there is sent once more.
    blobLocations: await pruned('blob_locations', 'seen_at'),
    // The registry has forgotten an upload long before; habits are learned again.
    uploads: (await pruned('upload_sessions', 'saved_at')) + (await pruned('host_habits', 'learned_at')),
    notifications:
      (await pruned('notifications', settledSince)) +
      (await pruned('notification_attempts', 'at')) +
      (await pruned('notification_incidents', overSince)),
    allowances: (await pruned('source_pulls', 'slice_at')) + (await pruned('source_budgets', lastUse)),
  };

  async function pruned(table: TableName, column: string | RawBuilder<unknown>): Promise<number> {
    const age = typeof column === 'string' ? sql.ref(column) : column;
    for (let total = 0; ;) {
      signal?.throwIfAborted();
      const deleted = await dialect.deleteSome(queries, table, { age, below, limit: batch });
      total += deleted;
      if (deleted < batch) return total;
    }
  }
}
