import { randomUUID } from 'node:crypto';

import type { NewNotification } from '../database/notification-rows.js';
import { messageOf } from '../domain/notifications/message.js';
import type { NotificationFacts, NotificationKind, StoredKind } from '../domain/notifications/notification.js';
import type { NotificationChannel, NotificationSettings } from '../domain/notifications/settings.js';

export interface MessagesOptions {
  readonly incident?: number | undefined;
  /** Only these channels; absent: all that receive the kind. */
  readonly among?: readonly string[] | undefined;
}

/** The messages of a notification for each channel that receives its kind. */
export function messagesFor(
  settings: NotificationSettings,
  facts: Exclude<NotificationFacts, { about: 'test' | 'digest' }>,
  { incident, among }: MessagesOptions = {},
): readonly NewNotification[] {
  const kind: NotificationKind = facts.about === 'incident' ? facts.kind : facts.about;
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

function kindOf(facts: NotificationFacts): StoredKind {
  return facts.about === 'incident' ? facts.kind : facts.about;
}
