import { z } from '@hono/zod-openapi';

import {
  channelKinds,
  languages,
  notificationKinds,
  notificationStates,
} from '../../domain/notifications/notification.js';
import { limit, next, time } from '../status-schemas.js';

const channelName = z.string().max(64);
const kind = z.enum(notificationKinds);
const outcome = z.enum(['started', 'sent', 'throttled', 'failed', 'refused']);

export const Notification = z
  .object({
    id: z.int(),
    messageId: z.string().openapi({ description: 'the same for every attempt' }),
    channel: channelName,
    kind: z.enum([...notificationKinds, 'test', 'digest']),
    title: z.string(),
    state: z
      .enum(notificationStates)
      .openapi({ description: 'merged: part of a digest; sending: in flight, or tried again after an error' }),
    createdAt: time('when it was planned'),
    attempts: z.int(),
    sentAt: time('when the platform accepted it').optional(),
    error: z.string().optional().openapi({ description: "of the last attempt, in the platform's words" }),
    digest: z.int().optional().openapi({ description: 'ID of the digest that contains it' }),
  })
  .openapi('Notification');

export const NotificationsQuery = z.object({
  channel: channelName.optional(),
  failed: z.enum(['true', 'false']).optional().openapi({ description: 'true: only those with an error' }),
  limit: limit(100, 1_000),
  cursor: z
    .string()
    .regex(/^\d{1,16}$/, 'use the value of "next"')
    .optional(),
});

export const Notifications = z.object({ items: z.array(Notification).readonly(), next }).openapi('Notifications');

export const NotificationParams = z.object({ id: z.coerce.number<string>().int().min(1) });

export const NotificationDetails = z
  .object({
    ...Notification.shape,
    tries: z
      .array(
        z.object({
          at: time('when it began'),
          tookMs: z.int().optional(),
          outcome: outcome.openapi({ description: 'started: its process ended before it recorded more' }),
          answer: z.string().optional(),
        }),
      )
      .readonly(),
  })
  .openapi('NotificationDetails');

export const Redelivered = z
  .object({ redelivered: z.boolean().openapi({ description: 'false: it is waiting to be sent already' }) })
  .openapi('Redelivered');

export const NotificationChannel = z
  .object({
    name: channelName,
    kind: z.enum(channelKinds),
    host: z.string().openapi({ description: 'of its address; the rest is secret' }),
    language: z.enum(languages),
    kinds: z.array(kind).readonly().openapi({ description: 'what it receives' }),
    pending: z.int(),
    failed: z.int(),
    lastSentAt: time('when its last message was accepted').optional(),
    pausedUntil: time('when it sends again').optional(),
    error: z.string().optional().openapi({ description: 'why its last message was not accepted' }),
  })
  .openapi('NotificationChannel');

export const NotificationChannels = z
  .object({ items: z.array(NotificationChannel).readonly() })
  .openapi('NotificationChannels');

export const ChannelParams = z.object({ name: channelName });

export const ChannelTest = z
  .object({
    id: z.int().openapi({ description: 'of the notification' }),
    outcome: z.enum(['sent', 'throttled', 'failed', 'refused']),
    answer: z.string().openapi({ description: "the platform's words, or why it was not reached" }),
  })
  .openapi('ChannelTest');
