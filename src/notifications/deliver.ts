/** Sends what waits in the outbox of a channel, one message after the other. */
import { setTimeout as delay } from 'node:timers/promises';

import type { ClaimAnswer, ClaimOptions } from '../database/notification-claims.js';
import type { NotificationStore } from '../database/notification-store.js';
import { messageOf } from '../domain/notifications/message.js';
import { afterBusyMinute, afterQuietHours } from '../domain/notifications/quiet-hours.js';
import type { NotificationChannel, NotificationSettings } from '../domain/notifications/settings.js';
import { digestBytesOf } from './create-sender.js';
import { kindOf, newMessageId } from './outgoing.js';
import type { SendResult, Sender } from './sender.js';

export interface DeliverOptions {
  readonly store: Pick<NotificationStore, 'claim' | 'record' | 'one'>;
  readonly channel: NotificationChannel;
  readonly settings: Pick<NotificationSettings, 'consoleUrl'>;
  readonly sender: Sender;
  /** @see ClaimOptions.owner */
  readonly owner: string;
  readonly signal: AbortSignal;
  /** Waits of up to this time are waited for, in milliseconds. */
  readonly patienceMs: number;
  /** Returns after this time at the latest, with what is left. */
  readonly longestMs: number;
  /** Called after each attempt. */
  readonly onAttempt?: (attempt: DeliveryAttempt) => void;
}

export interface DeliveryAttempt extends SendResult {
  readonly messageId: string;
}

export interface Delivered {
  readonly sent: number;
  /** In how many milliseconds something can be sent again; absent: nothing waits. */
  readonly nextInMs?: number | undefined;
}

/** A message that a platform refuses is perhaps refused because of the channel's settings, which a person corrects. */
const refusalsBeforeEnd = 8;
const firstPauseMs = 10_000;
const longestPauseMs = 15 * 60_000;
const otherPollMs = 200;

/**
 * Sends until nothing waits, or what waits has to wait for long. A message that does not get through holds back the ones
 * after it, so that the order is kept; they become a digest meanwhile.
 */
export async function deliver(options: DeliverOptions): Promise<Delivered> {
  const { store, channel, signal, patienceMs, longestMs } = options;
  const claim = claimOptions(options);
  const endsAt = performance.now() + longestMs;
  for (let sent = 0; ;) {
    signal.throwIfAborted();
    const answer = await store.claim(channel.name, { ...claim, newMessageId: newMessageId() });
    if (answer.kind === 'nothing') return { sent };
    if (answer.kind === 'later') {
      if (answer.inMs > patienceMs || performance.now() > endsAt) return { sent, nextInMs: answer.inMs };
      await delay(answer.inMs + 1, undefined, { signal });
      continue;
    }
    if ((await attempt(answer.message, options)).outcome === 'sent') sent += 1;
    if (performance.now() > endsAt) return { sent, nextInMs: 0 };
  }
}

/** Sends one message ahead of the others, once: a test by a person. */
export async function deliverOnly(options: DeliverOptions, id: number): Promise<SendResult> {
  const { store, channel, signal } = options;
  for (;;) {
    const claim = { ...claimOptions(options), newMessageId: newMessageId(), only: id };
    const answer = await store.claim(channel.name, claim);
    if (answer.kind === 'claimed') return await attempt(answer.message, options, true);
    const other = answer.kind === 'nothing' ? await resultOfOther(store, id) : undefined;
    if (other !== undefined) return other;
    await delay(answer.kind === 'later' ? answer.inMs + 1 : otherPollMs, undefined, { signal });
  }
}

/** The worker that sends the outbox may be faster; undefined while it has no answer. */
async function resultOfOther(store: Pick<NotificationStore, 'one'>, id: number): Promise<SendResult | undefined> {
  const entry = await store.one(id);
  if (entry === undefined) return { outcome: 'failed', answer: 'the message was deleted before it was sent' };
  const answer = entry.tries.at(-1)?.answer ?? '';
  if (entry.state === 'sent') return { outcome: 'sent', answer };
  return entry.error === undefined ? undefined : { outcome: 'refused', answer: entry.error };
}

function claimOptions({ channel, owner }: DeliverOptions): Omit<ClaimOptions, 'newMessageId'> {
  const { limits, quietHours, kind, language, timezone } = channel;
  return {
    owner,
    limits,
    allowedAt: (now) => {
      const awake = afterQuietHours(quietHours, now);
      return kind === 'feishu' ? afterBusyMinute(awake) : awake;
    },
    digestBytes: digestBytesOf(kind),
    digestTitle: (titles) => messageOf({ about: 'digest', titles }, { language, timezone }).title,
  };
}

async function attempt(
  message: Extract<ClaimAnswer, { kind: 'claimed' }>['message'],
  { store, channel, settings, sender, signal, onAttempt }: DeliverOptions,
  isOnly = false,
): Promise<SendResult> {
  const { id, messageId, facts, createdAt, attempts, refusals } = message;
  const { language, timezone, keyword } = channel;
  const { title, lines } = messageOf(facts, { language, timezone, consoleUrl: settings.consoleUrl });
  const began = performance.now();
  const result = await sender(
    {
      id: messageId,
      kind: kindOf(facts),
      title: keyword === undefined || title.includes(keyword) ? title : `${keyword}: ${title}`,
      lines,
      facts,
      at: createdAt,
    },
    signal,
  );
  const { outcome, answer, retryAfterMs } = result;
  await store.record({
    id,
    attempt: message.attempt,
    outcome,
    answer,
    tookMs: performance.now() - began,
    pauseMs: outcome === 'sent' ? 0 : (retryAfterMs ?? pauseAfter(attempts)),
    isFinal: isOnly || result.isFinal === true || (outcome === 'refused' && refusals + 1 >= refusalsBeforeEnd),
  });
  onAttempt?.({ ...result, messageId });
  return result;
}

function pauseAfter(attempts: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 10));
}
