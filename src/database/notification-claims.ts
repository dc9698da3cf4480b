/** Which message a channel sends next, decided in one transaction that locks the channel's row. */
import { digestOf } from '../domain/notifications/digest.js';
import type { NotificationFacts, NotificationState } from '../domain/notifications/notification.js';
import { nextTokenAt, takeToken, tokensAt } from '../domain/notifications/rate-limit.js';
import type { BucketTimes, RateLimit } from '../domain/notifications/rate-limit.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';
import { answerText, factsOfRow, rowOfNotification } from './notification-rows.js';
import type { AttemptOutcome, NotificationRow } from './notification-rows.js';

export interface ClaimOptions {
  /** Identifies the claim: its owner may continue it at once after a crash, others when it has expired. */
  readonly owner: string;
  readonly limits: readonly RateLimit[];
  /** When a message may be sent by the clock of the channel: quiet hours, and minutes that its platform refuses. */
  readonly allowedAt: (now: number) => number;
  /** Bytes of titles that one digest holds. */
  readonly digestBytes: number;
  readonly digestTitle: (titles: readonly string[]) => string;
  /** ID for a digest, should one be made. */
  readonly newMessageId: string;
  /** Only this message, ahead of the others: a test. */
  readonly only?: number | undefined;
}

/** A message that this process sends now. */
export interface ClaimedMessage {
  readonly id: number;
  readonly attempt: number;
  readonly messageId: string;
  readonly facts: NotificationFacts;
  /** When it was planned, UTC milliseconds. */
  readonly createdAt: number;
  /** How often it was tried, with this attempt. */
  readonly attempts: number;
  /** How often the platform has refused it. */
  readonly refusals: number;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly message: ClaimedMessage }
  /** Something waits, until then. In milliseconds, by the database's clock. */
  | { readonly kind: 'later'; readonly inMs: number }
  | { readonly kind: 'nothing' };

export interface AttemptResult {
  readonly id: number;
  readonly attempt: number;
  readonly outcome: Exclude<AttemptOutcome, 'started'>;
  readonly answer: string;
  readonly tookMs: number;
  /** The channel sends nothing for this time, in milliseconds. */
  readonly pauseMs: number;
  /** It is not tried again. */
  readonly isFinal: boolean;
}

/** Longer than any sender waits for an answer: a mail server gets a minute. */
const claimMs = 90_000;
const mostInDigest = 1_000;

/**
 * Claims the next message of a channel: the one in flight that its process no longer sends, or else the oldest one. If more
 * messages wait than tokens are left, they become one digest, in their order. Tokens are taken and the attempt is recorded
 * before anything is sent.
 */
export async function claimNext(
  { dialect, transaction }: FerryDatabase,
  channel: string,
  options: ClaimOptions,
): Promise<ClaimAnswer> {
  return await transaction(async (inside) => {
    const { now, buckets, pausedUntil } = await lockChannel(inside, dialect, channel);
    const { owner, limits, allowedAt, only } = options;
    const inFlight = only === undefined ? await firstInState(inside, channel, { state: 'sending' }) : undefined;
    if (inFlight !== undefined && inFlight.claimed_by !== owner && Number(inFlight.claimed_until) > now) {
      return { kind: 'later', inMs: Number(inFlight.claimed_until) - now };
    }
    const first = inFlight ?? (await firstInState(inside, channel, { state: 'pending', only }));
    if (first === undefined) return { kind: 'nothing' };

    const tokenAt = nextTokenAt(limits, buckets, now);
    // A person who tests a channel has perhaps just repaired it.
    const earliest = only === undefined ? Math.max(pausedUntil, allowedAt(now), tokenAt) : tokenAt;
    if (earliest > now) return { kind: 'later', inMs: earliest - now };

    const pending = inFlight === undefined && only === undefined ? await pendingTitles(inside, channel) : [];
    const isTooMuch = pending.length > Math.max(1, tokensAt(limits, buckets, now));
    const row = isTooMuch ? await mergeIntoDigest(inside, { first, pending, now }, options) : first;
    const times = JSON.stringify(takeToken(limits, buckets, now));
    await inside.updateTable('notification_channels').set({ buckets: times }).where('name', '=', channel).execute();
    return { kind: 'claimed', message: await beginAttempt(inside, row, { owner, now }) };
  });
}

/** Records what became of an attempt; a process that was away for long cannot undo what another one has recorded. */
export async function recordAttempt({ dialect, transaction }: FerryDatabase, result: AttemptResult): Promise<void> {
  const { id, attempt, outcome, tookMs, pauseMs, isFinal } = result;
  await transaction(async (inside) => {
    const select = inside.selectFrom('notifications').select(['channel', 'state']).where('id', '=', id);
    const row = await select.executeTakeFirst();
    if (row === undefined) return;
    const { now, failures } = await lockChannel(inside, dialect, row.channel);
    const answer = answerText(result.answer);
    await inside
      .updateTable('notification_attempts')
      .set({ outcome, answer, took_ms: Math.round(tookMs) })
      .where('id', '=', attempt)
      .execute();
    const isSent = outcome === 'sent';
    // Its claim has expired meanwhile, and the message is being sent again: it must not be free for a third attempt.
    if (!isSent && (await isOvertaken(inside, { id, attempt }))) return;
    const open: NotificationState = isFinal ? 'failed' : 'sending';
    const state = isSent ? 'sent' : open;
    await inside
      .updateTable('notifications')
      .set({ state, claimed_until: now, error: isSent ? null : answer, ...(isSent ? { sent_at: now } : {}) })
      .where('id', '=', id)
      // Another process has sent it meanwhile.
      .where('state', '<>', 'sent')
      .execute();
    await inside
      .updateTable('notification_channels')
      .set({
        paused_until: isSent ? 0 : now + Math.round(pauseMs),
        failures: isSent ? 0 : failures + 1,
        ...(isSent ? { last_sent_at: now } : {}),
      })
      .where('name', '=', row.channel)
      .execute();
  });
}

async function isOvertaken(inside: Queries, { id, attempt }: Pick<AttemptResult, 'id' | 'attempt'>): Promise<boolean> {
  const later = await inside
    .selectFrom('notification_attempts')
    .select('id')
    .where('notification', '=', id)
    .where('id', '>', attempt)
    .limit(1)
    .executeTakeFirst();
  return later !== undefined;
}

/** Inserts the channel's row if it is missing, and locks it for other processes. */
async function lockChannel(inside: Queries, dialect: DialectDifferences, channel: string) {
  const fresh = { name: channel, buckets: '{}', paused_until: 0, failures: 0, last_sent_at: null };
  await dialect.insertAbsent(inside, 'notification_channels', [fresh], ['name']);
  const select = inside.selectFrom('notification_channels').selectAll().where('name', '=', channel);
  const row = await dialect.locking(select).executeTakeFirstOrThrow();
  return {
    now: await dialect.now(inside),
    buckets: bucketTimes(readJsonColumn(row.buckets)),
    pausedUntil: Number(row.paused_until),
    failures: row.failures,
  };
}

function bucketTimes(value: unknown): BucketTimes {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

async function firstInState(
  inside: Queries,
  channel: string,
  { state, only }: { readonly state: NotificationState; readonly only?: number | undefined },
): Promise<NotificationRow | undefined> {
  const rows = inside
    .selectFrom('notifications')
    .selectAll()
    .where('channel', '=', channel)
    .where('state', '=', state)
    .orderBy('id')
    .limit(1);
  return await (only === undefined ? rows : rows.where('id', '=', only)).executeTakeFirst();
}

type PendingTitle = Pick<NotificationRow, 'id' | 'title'>;

async function pendingTitles(inside: Queries, channel: string): Promise<readonly PendingTitle[]> {
  return await inside
    .selectFrom('notifications')
    .select(['id', 'title'])
    .where('channel', '=', channel)
    .where('state', '=', 'pending')
    .orderBy('id')
    .limit(mostInDigest)
    .execute();
}

/** Makes one message of the first of these that fit together. */
async function mergeIntoDigest(
  inside: Queries,
  {
    first,
    pending,
    now,
  }: { readonly first: NotificationRow; readonly pending: readonly PendingTitle[]; readonly now: number },
  { digestBytes, digestTitle, newMessageId }: ClaimOptions,
): Promise<NotificationRow> {
  const { count, facts } = digestOf(
    pending.map(({ title }) => title),
    digestBytes,
  );
  if (count < 2) return first;
  const title = digestTitle(facts.titles);
  const row = rowOfNotification({ messageId: newMessageId, channel: first.channel, kind: 'digest', title, facts }, now);
  const { insertId } = await inside.insertInto('notifications').values(row).executeTakeFirstOrThrow();
  const id = Number(insertId);
  const merged = pending.slice(0, count).map((one) => one.id);
  await inside.updateTable('notifications').set({ state: 'merged', digest: id }).where('id', 'in', merged).execute();
  return { ...row, id };
}

async function beginAttempt(
  inside: Queries,
  row: NotificationRow,
  { owner, now }: { readonly owner: string; readonly now: number },
): Promise<ClaimedMessage> {
  const attempts = row.attempts + 1;
  await inside
    .updateTable('notifications')
    .set({ state: 'sending', attempts, claimed_by: owner, claimed_until: now + claimMs })
    .where('id', '=', row.id)
    .execute();
  const attempt = { notification: row.id, at: now, outcome: 'started', took_ms: null, answer: null };
  const refused = await inside
    .selectFrom('notification_attempts')
    .select((is) => is.fn.countAll<number>().as('attempts'))
    .where('notification', '=', row.id)
    .where('outcome', '=', 'refused')
    .executeTakeFirst();
  const { insertId } = await inside.insertInto('notification_attempts').values(attempt).executeTakeFirstOrThrow();
  const facts = factsOfRow(row) ?? { about: 'digest' as const, titles: [row.title] };
  return {
    id: row.id,
    attempt: Number(insertId),
    messageId: row.message_id,
    facts,
    createdAt: Number(row.created_at),
    attempts,
    refusals: Number(refused?.attempts ?? 0),
  };
}
