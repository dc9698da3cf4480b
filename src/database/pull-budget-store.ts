import type { PullAllowance } from '@image-ferry/registry/pull-quota';

import { forgottenBefore, freeInMs, pullsFree, sliceAt } from '../domain/pull-allowance.js';
import type { Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';

/** One allowance: all pulls of a rate limit source from a host. */
export interface PullAccount {
  readonly host: string;
  readonly rateLimitSource: string;
}

/** The current state of an allowance. */
export interface PullBudget extends PullAccount, PullAllowance {
  readonly free: number;
  /** When enough is free for a retry, UTC ms; absent: now. */
  readonly againAt?: number | undefined;
}

/** A source counts a pull in flight within this time. Later, the announced number is exact. */
const quietMs = 60_000;

/**
 * Counts pulls from sources over all processes. A pull is counted before it is made, with a lock on the row of its
 * allowance. Pulls that a killed process counted but did not make are freed when the window has passed, or when the source
 * announces a lower number.
 */
export class PullBudgetStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** @returns undefined if the pull was counted; else the milliseconds until a retry, and nothing is counted */
  async acquire(account: PullAccount, allowance: PullAllowance): Promise<{ readonly freeInMs: number } | undefined> {
    const { transaction } = this.#database;
    return await transaction(async (inside) => {
      const { now } = await this.#lock(inside, account, allowance);
      await forget(inside, account, forgottenBefore(allowance, now));
      const counted = await this.#countedUpTo(inside, account, sliceAt(allowance, now));
      if (pullsFree(allowance, counted, now) === 0) {
        return { freeInMs: Math.max(1, freeInMs(allowance, counted, now)) };
      }

      await this.#count(inside, account, { at: sliceAt(allowance, now), pulls: 1, counted });
      await inside
        .updateTable('source_budgets')
        .set({ acquired_at: now })
        .where('host', '=', account.host)
        .where('rate_limit_source', '=', account.rateLimitSource)
        .execute();
      return undefined;
    });
  }

  /**
   * Records the number that the source announced. If it is higher than ours, another client made pulls, and they are
   * counted. If it is lower and no pull can be in flight, our count is corrected.
   *
   * @param told.ageMs since the request of the announcing response was sent
   * @param told.share the allowance is only a share of the source's limit: an announcement can lower it, but not raise it
   */
  async observe(
    account: PullAccount,
    allowance: PullAllowance,
    {
      remaining,
      ageMs,
      share = false,
    }: { readonly remaining: number; readonly ageMs: number; readonly share?: boolean },
  ): Promise<void> {
    const { transaction } = this.#database;
    await transaction(async (inside) => {
      const { now, acquiredAt } = await this.#lock(inside, account, allowance);
      const at = sliceAt(allowance, now);
      const counted = await this.#countedUpTo(inside, account, at);
      const free = pullsFree(allowance, counted, now);
      if (remaining < free) {
        await this.#count(inside, account, { at, pulls: free - remaining, counted });
      } else if (!share && remaining > free && isQuiet(acquiredAt, now - ageMs)) {
        await forget(inside, account, Number.MAX_SAFE_INTEGER);
        await this.#count(inside, account, { at, pulls: allowance.pulls - remaining, counted: [] });
      }
      await inside
        .updateTable('source_budgets')
        .set({ remaining, observed_at: now })
        .where('host', '=', account.host)
        .where('rate_limit_source', '=', account.rateLimitSource)
        .execute();
    });
  }

  /** The current state of every allowance that was ever used; read-only. */
  async budgets(): Promise<readonly PullBudget[]> {
    const { dialect, queries } = this.#database;
    const now = await dialect.now(queries);
    const rows = await queries
      .selectFrom('source_budgets')
      .selectAll()
      .orderBy('host')
      .orderBy('rate_limit_source')
      .execute();
    const budgets: PullBudget[] = [];
    for (const { host, rate_limit_source: rateLimitSource, pulls, window_ms: windowMs } of rows) {
      const allowance = { pulls, windowMs };
      const counted = await this.#counted(queries, { host, rateLimitSource });
      const free = pullsFree(allowance, counted, now);
      const again = free === 0 ? { againAt: now + freeInMs(allowance, counted, now) } : {};
      budgets.push({ host, rateLimitSource, ...allowance, free, ...again });
    }
    return budgets;
  }

  /** Inserts or updates the allowance's row, which locks it for other processes. @returns the time after that */
  async #lock(
    queries: Queries,
    { host, rateLimitSource }: PullAccount,
    { pulls, windowMs }: PullAllowance,
  ): Promise<{ readonly now: number; readonly acquiredAt: number | null }> {
    const { dialect } = this.#database;
    const row = { host, rate_limit_source: rateLimitSource, pulls, window_ms: windowMs };
    await dialect.upsert(queries, 'source_budgets', [row], ['host', 'rate_limit_source']);
    const query = queries
      .selectFrom('source_budgets')
      .select(['acquired_at', dialect.clock().as('now')])
      .where('host', '=', host)
      .where('rate_limit_source', '=', rateLimitSource);
    const locked = await dialect.locking(query).executeTakeFirstOrThrow();
    return { now: Number(locked.now), acquiredAt: locked.acquired_at };
  }

  async #counted(queries: Queries, { host, rateLimitSource }: PullAccount) {
    const query = queries
      .selectFrom('source_pulls')
      .select(['slice_at as at', 'pulls'])
      .where('host', '=', host)
      .where('rate_limit_source', '=', rateLimitSource);
    const rows = await (queries.isTransaction ? this.#database.dialect.locking(query) : query).execute();
    return rows.map(({ at, pulls }) => ({ at: Number(at), pulls: Number(pulls) }));
  }

  /**
   * Pulls that were counted while the clock was ahead are moved to now. Otherwise they would count until the clock reaches
   * that time, perhaps for years.
   */
  async #countedUpTo(queries: Queries, account: PullAccount, latest: number) {
    const counted = await this.#counted(queries, account);
    const ahead = counted.filter(({ at }) => at > latest);
    if (ahead.length === 0) return counted;
    await queries
      .deleteFrom('source_pulls')
      .where('host', '=', account.host)
      .where('rate_limit_source', '=', account.rateLimitSource)
      .where('slice_at', '>', latest)
      .execute();
    const pulls = ahead.reduce((sum, slice) => sum + slice.pulls, 0);
    await this.#count(queries, account, { at: latest, pulls, counted });
    return await this.#counted(queries, account);
  }

  async #count(
    queries: Queries,
    { host, rateLimitSource }: PullAccount,
    { at, pulls, counted }: { at: number; pulls: number; counted: readonly { at: number; pulls: number }[] },
  ): Promise<void> {
    const before = counted.find((slice) => slice.at === at)?.pulls ?? 0;
    const row = { host, rate_limit_source: rateLimitSource, slice_at: at, pulls: before + pulls };
    await this.#database.dialect.upsert(queries, 'source_pulls', [row], ['host', 'rate_limit_source', 'slice_at']);
  }
}

/** Whether the source has counted every pull until `acquiredAt`; a future time comes from a clock that was ahead. */
function isQuiet(acquiredAt: number | null, askedAt: number): boolean {
  return acquiredAt === null || acquiredAt < askedAt - quietMs || acquiredAt > askedAt + quietMs;
}

async function forget(queries: Queries, { host, rateLimitSource }: PullAccount, before: number): Promise<void> {
  await queries
    .deleteFrom('source_pulls')
    .where('host', '=', host)
    .where('rate_limit_source', '=', rateLimitSource)
    .where('slice_at', '<=', before)
    .execute();
}
