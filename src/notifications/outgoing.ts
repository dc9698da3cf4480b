import { randomUUID } from 'node:crypto';

import type { NewNotification } from '../database/notification-rows.js';
import { messageOf } from '../domain/notifications/message.js';
import type { NotificationFacts, NotificationKind, StoredKind } from '../domain/notifications/notification.js';
import type { NotificationChannel, NotificationSettings } from '../domain/notifications/settings.js';

/** Facts of a kind that a channel can choose. */
type ChosenFacts = Exclude<NotificationFacts, { about: 'test' | 'digest' }>;

export interface MessagesOptions {
  readonly incident?: number | undefined;
  /** Only these channels; absent: all that receive the kind. */
  readonly among?: readonly string[] | undefined;
}

/** The messages of a notification for each channel that receives its kind. */
export function messagesFor(
  settings: NotificationSettings,
  facts: ChosenFacts,
  { incident, among }: MessagesOptions = {},
): readonly NewNotification[] {
  const kind = kindOf(facts);
  return settings.channels
    .filter((channel) => among?.includes(channel.name) ?? channel.kinds.includes(kind))
    .map((channel) => messageFor(channel, facts, settings, incident));
}

/** One message with the ID that every attempt to send it carries. */
export function messageFor(
  channel: NotificationChannel,
  facts: NotificationFacts,
  { consoleUrl }: Pick<NotificationSettings, 'consoleUrl'>,
  incident?: number,
): NewNotification {
  const { name, language, timezone } = channel;
  const { title } = messageOf(facts, { language, timezone, consoleUrl });
  return { messageId: newMessageId(), channel: name, kind: kindOf(facts), incident, title, facts };
}

export function newMessageId(): string {
  return `msg_${randomUUID().replaceAll('-', '')}`;
}

/** The kind under which a message is stored, and which channels choose. */
export function kindOf(facts: ChosenFacts): NotificationKind;
export function kindOf(facts: NotificationFacts): StoredKind;
export function kindOf(facts: NotificationFacts): StoredKind {
  return facts.about === 'incident' ? facts.kind : facts.about;
}
