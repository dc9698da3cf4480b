import type { MessageLine } from '../domain/notifications/cut-text.js';
import type { NotificationFacts, StoredKind } from '../domain/notifications/notification.js';
import type { NotificationChannel } from '../domain/notifications/settings.js';

/** A message in words, on its way to a platform. */
export interface OutgoingMessage {
  /** The same for every attempt. */
  readonly id: string;
  readonly kind: StoredKind;
  readonly title: string;
  readonly lines: readonly MessageLine[];
  readonly facts: NotificationFacts;
  /** When it was planned, UTC milliseconds. */
  readonly at: number;
}

/**
 * What became of an attempt: `sent` only if the platform itself says so; `throttled`: too many messages; `failed`: not
 * reached, or it has trouble of its own; `refused`: it does not take this message, or this channel's settings.
 */
export interface SendResult {
  readonly outcome: 'sent' | 'throttled' | 'failed' | 'refused';
  /** The platform's words, or why it was not reached; without a secret. */
  readonly answer: string;
  /** Another attempt is useless, or would repeat what got through. */
  readonly isFinal?: boolean | undefined;
  /** Until the next attempt, if the platform says so. */
  readonly retryAfterMs?: number | undefined;
}

export interface SenderOptions {
  readonly channel: NotificationChannel;
  /** Through the proxies of the configuration. */
  readonly fetch: typeof fetch;
  /** Identifies this installation for programs: its public address. */
  readonly source: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** One attempt to send a message. It does not throw, unless the signal is aborted. */
export type Sender = (message: OutgoingMessage, signal: AbortSignal) => Promise<SendResult>;
