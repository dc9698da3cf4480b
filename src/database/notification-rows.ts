/** Rows of `notifications` as people and senders read them. */
import type { NotificationFacts, NotificationState, StoredKind } from '../domain/notifications/notification.js';
import { visibleLines } from '../domain/visible-text.js';
import { readJsonColumn } from './json-column.js';
import type { NotificationsTable } from './tables.js';

/** Times in UTC milliseconds. */
export interface NotificationEntry {
  readonly id: number;
  /** Every attempt carries it, so that receivers can ignore repetitions. */
  readonly messageId: string;
  readonly channel: string;
  readonly kind: StoredKind;
  readonly title: string;
  readonly state: NotificationState;
  readonly createdAt: number;
  readonly attempts: number;
  readonly sentAt?: number | undefined;
  /** Of the last attempt, in the platform's words. */
  readonly error?: string | undefined;
  /** ID of the digest that contains it. */
  readonly digest?: number | undefined;
}

export const attemptOutcomes = ['started', 'sent', 'throttled', 'failed', 'refused'] as const;
/**
 * `started`: its process ended before it recorded more, and the message may have arrived; `refused`: the platform answered
 * that it does not take the message.
 */
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export interface NotificationAttempt {
  readonly at: number;
  readonly tookMs?: number | undefined;
  readonly outcome: AttemptOutcome;
  /** What the platform answered, or why it was not reached. */
  readonly answer?: string | undefined;
}

/** A message to put into the outbox of a channel. */
export interface NewNotification {
  readonly messageId: string;
  readonly channel: string;
  readonly kind: StoredKind;
  readonly incident?: number | undefined;
  readonly title: string;
  readonly facts: NotificationFacts;
}

export type NotificationRow = {
  readonly [Column in keyof NotificationsTable]: Column extends 'id' ? number : NotificationsTable[Column];
};

const longestTitle = 500;
const longestAnswer = 2_000;

export function rowOfNotification({ messageId, channel, kind, incident, title, facts }: NewNotification, now: number) {
  return {
    message_id: messageId,
    channel,
    kind,
    incident: incident ?? null,
    title: Array.from(visibleLines(title)).slice(0, longestTitle).join(''),
    facts: JSON.stringify(facts),
    state: 'pending' satisfies NotificationState,
    created_at: now,
    attempts: 0,
    digest: null,
    claimed_by: null,
    claimed_until: null,
    sent_at: null,
    error: null,
  };
}

export function entryOfRow(row: NotificationRow): NotificationEntry {
  return {
    id: row.id,
    messageId: row.message_id,
    channel: row.channel,
    kind: row.kind as StoredKind,
    title: row.title,
    state: row.state as NotificationState,
    createdAt: Number(row.created_at),
    attempts: row.attempts,
    sentAt: row.sent_at ?? undefined,
    error: row.error ?? undefined,
    digest: row.digest ?? undefined,
  };
}

/** Undefined where another program wrote something else into the column. */
export function factsOfRow(row: Pick<NotificationRow, 'facts'>): NotificationFacts | undefined {
  const facts = readJsonColumn(row.facts);
  const isFacts = typeof facts === 'object' && facts !== null && 'about' in facts;
  return isFacts ? (facts as NotificationFacts) : undefined;
}

export function answerText(answer: string): string {
  return visibleLines(answer).slice(0, longestAnswer);
}
