import type { PullAllowance } from '../domain/pull-allowance.js';
import { forgottenBefore, freeInMs, pullsFree, sliceAt } from '../domain/pull-allowance.js';
import type { Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';

/** One allowance: all pulls of a spender at a host. */
export interface PullAccount {
  readonly host: string;
  readonly rateLimitSource: string;
}

/** How an allowance stands. */
export interface PullBudget extends PullAccount, PullAllowance {
  readonly free: number;
  /** When enough is free for coming back to be worth it, UTC ms; absent: now. */
  readonly againAt?: number;
}

/** A pull that is on its way is counted by its source within this; after it, the source's word is the whole truth. */
const quietMs = 60_000;

/**
 * The books of what is read from sources, over all processes: a pull is booked before it is made, one row locked for each
 * allowance. A process that is killed in between leaves booked what it was about to ask for; that is free again when
 * the window has passed, or as soon as the source itself says so.
 */
export class PullBudgetStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** @returns undefined when the pull is booked; else milliseconds until coming back is worth it, and nothing is */
  async take(account: PullAccount, allowance: PullAllowance): Promise<{ readonly freeInMs: number } | undefined> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      await this.#lock(inside, account, allowance);
      const now = await dialect.now(inside);
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
   * The source's own count. Where it knows of more pulls than the books, somebody else made them, and they are booked.
   * Where it knows of fewer, and none can be on its way, the books are put right.
   *
   * @param told.ageMs since the request went out that was answered with it
   * @param told.share the allowance is only a share of what the source grants: its word can lower it, never raise it
   */
  async told(
    account: PullAccount,
    allowance: PullAllowance,
    {
      remaining,
      ageMs,
      share = false,
    }: { readonly remaining: number; readonly ageMs: number; readonly share?: boolean },
  ): Promise<void> {
    const { dialect, transaction } = this.#database;
    await transaction(async (inside) => {
      const acquiredAt = await this.#lock(inside, account, allowance);
      const now = await dialect.now(inside);
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

  /** Every allowance that was ever used, and how it stands now; changes nothing. */
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

  /** Makes the allowance's row, or sets it, and thereby keeps every other process waiting. @returns `acquired_at` */
  async #lock(
    queries: Queries,
    { host, rateLimitSource }: PullAccount,
    { pulls, windowMs }: PullAllowance,
  ): Promise<number | null> {
    const row = { host, rate_limit_source: rateLimitSource, pulls, window_ms: windowMs };
    await this.#database.dialect.upsert(queries, 'source_budgets', [row], ['host', 'rate_limit_source']);
    const query = queries
      .selectFrom('source_budgets')
      .select('acquired_at')
      .where('host', '=', host)
      .where('rate_limit_source', '=', rateLimitSource);
    return (await this.#database.dialect.locking(query).executeTakeFirstOrThrow()).acquired_at;
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
   * What was booked while the clock was ahead counts from now on: it would weigh until the clock is there again, and that
   * may be years.
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

/** Whether every pull booked until `acquiredAt` is counted by its source; a time to come is of a clock that was ahead. */
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
