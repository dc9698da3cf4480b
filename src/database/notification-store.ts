import type { FerryDatabase } from './ferry-database.js';
import { insertRows, pagesOf } from './insert-rows.js';
import { claimNext, recordAttempt } from './notification-claims.js';
import type { AttemptResult, ClaimAnswer, ClaimOptions } from './notification-claims.js';
import { entryOfRow, rowOfNotification } from './notification-rows.js';
import type { AttemptOutcome, NewNotification, NotificationAttempt, NotificationEntry } from './notification-rows.js';
import type { Page } from './status-views.js';

/** What is recorded of a channel. Times in UTC milliseconds. */
export interface ChannelStanding {
  readonly pending: number;
  readonly failed: number;
  readonly lastSentAt?: number | undefined;
  /** Nothing is sent before this time; absent: it is not paused. */
  readonly pausedUntil?: number | undefined;
  /** Why its last attempt was not sent; absent if it was sent. */
  readonly error?: string | undefined;
}

export interface NotificationQuery {
  readonly channel?: string | undefined;
  readonly failed?: boolean | undefined;
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: number | undefined;
}

/**
 * The outbox of all channels. A message gets its ID here before it is sent. The buckets and pauses of channels are shared by
 * all processes.
 */
export class NotificationStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Adds messages, each at the end of its channel's queue. @returns their IDs, in order */
  async add(messages: readonly NewNotification[]): Promise<readonly number[]> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      const now = await dialect.now(inside);
      for (const page of pagesOf(messages.map((message) => rowOfNotification(message, now)))) {
        await insertRows('notifications', page).execute(inside);
      }
      const ids = new Map<string, number>();
      for (const page of pagesOf(messages.map(({ messageId }) => messageId))) {
        const rows = await inside
          .selectFrom('notifications')
          .select(['id', 'message_id'])
          .where('message_id', 'in', page)
          .where('created_at', '>=', now)
          .execute();
        for (const { id, message_id: key } of rows) ids.set(key, id);
      }
      return messages.flatMap(({ messageId }) => ids.get(messageId) ?? []);
    });
  }

  /** @see claimNext */
  async claim(channel: string, options: ClaimOptions): Promise<ClaimAnswer> {
    return await claimNext(this.#database, channel, options);
  }

  /** @see recordAttempt */
  async record(result: AttemptResult): Promise<void> {
    await recordAttempt(this.#database, result);
  }

  /** Channels with messages that are not sent yet, whether they are configured or not. */
  async waitingChannels(): Promise<readonly string[]> {
    const rows = await this.#database.queries
      .selectFrom('notifications')
      .select('channel')
      .distinct()
      .where('state', 'in', ['pending', 'sending'])
      .orderBy('channel')
      .execute();
    return rows.map(({ channel }) => channel);
  }

  /** A page, the latest first. */
  async list({ channel, failed = false, limit, before }: NotificationQuery): Promise<Page<NotificationEntry>> {
    let rows = this.#database.queries.selectFrom('notifications').selectAll().orderBy('id', 'desc').limit(limit);
    if (channel !== undefined) rows = rows.where('channel', '=', channel);
    // What a platform refused, and what is tried again after an error.
    if (failed) {
      rows = rows.where((is) =>
        is.or([is('state', '=', 'failed'), is.and([is('state', '=', 'sending'), is('error', 'is not', null)])]),
      );
    }
    if (before !== undefined) rows = rows.where('id', '<', before);
    const items = (await rows.execute()).map(entryOfRow);
    const last = items.at(-1);
    return items.length < limit || last === undefined ? { items } : { items, next: last.id };
  }

  async one(id: number): Promise<(NotificationEntry & { readonly tries: readonly NotificationAttempt[] }) | undefined> {
    const { queries } = this.#database;
    const row = await queries.selectFrom('notifications').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return undefined;
    const tries = await queries
      .selectFrom('notification_attempts')
      .selectAll()
      .where('notification', '=', id)
      .orderBy('id')
      .execute();
    return {
      ...entryOfRow(row),
      tries: tries.map((one) => ({
        at: Number(one.at),
        tookMs: one.took_ms ?? undefined,
        outcome: one.outcome as AttemptOutcome,
        answer: one.answer ?? undefined,
      })),
    };
  }

  /**
   * Sets a message pending again, with its ID; one that is part of a digest is sent alone.
   *
   * @returns false if it is pending already; undefined if there is no such message
   */
  async redeliver(id: number): Promise<boolean | undefined> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      const select = inside.selectFrom('notifications').select(['state', 'channel']).where('id', '=', id);
      const row = await dialect.locking(select).executeTakeFirst();
      if (row === undefined) return undefined;
      if (row.state === 'pending' || row.state === 'sending') return false;
      await inside
        .updateTable('notifications')
        .set({ state: 'pending', attempts: 0, claimed_by: null, claimed_until: null, error: null })
        .where('id', '=', id)
        .execute();
      return true;
    });
  }

  async standings(channels: readonly string[]): Promise<ReadonlyMap<string, ChannelStanding>> {
    const { dialect, queries } = this.#database;
    if (channels.length === 0) return new Map();
    const now = await dialect.now(queries);
    const rows = await queries
      .selectFrom('notification_channels')
      .selectAll()
      .where('name', 'in', [...channels])
      .execute();
    const counts = await queries
      .selectFrom('notifications')
      .select(['channel', 'state', (is) => is.fn.countAll<number>().as('messages')])
      .where('channel', 'in', [...channels])
      .where('state', 'in', ['pending', 'sending', 'failed'])
      .groupBy(['channel', 'state'])
      .execute();
    const standings = new Map<string, ChannelStanding>();
    for (const name of channels) {
      const row = rows.find((one) => one.name === name);
      const of = (...states: readonly string[]): number =>
        counts
          .filter(({ channel, state }) => channel === name && states.includes(state))
          .reduce((sum, { messages }) => sum + Number(messages), 0);
      const pausedUntil = Number(row?.paused_until ?? 0);
      standings.set(name, {
        pending: of('pending', 'sending'),
        failed: of('failed'),
        lastSentAt: row?.last_sent_at ?? undefined,
        pausedUntil: pausedUntil > now ? pausedUntil : undefined,
        error: row === undefined || row.failures === 0 ? undefined : await this.#lastError(name),
      });
    }
    return standings;
  }

  async #lastError(channel: string): Promise<string | undefined> {
    const row = await this.#database.queries
      .selectFrom('notifications')
      .select('error')
      .where('channel', '=', channel)
      .where('error', 'is not', null)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.error ?? undefined;
  }
}
