import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import type { ReadDatabase } from '../read-database.js';
import type { CallerEnv, Gate } from './caller.js';
import {
  ChannelParams,
  ChannelTest,
  NotificationChannels,
  NotificationDetails,
  NotificationParams,
  Notifications,
  NotificationsQuery,
  Redelivered,
} from './notification-schemas.js';

/** What operators do with notifications, and the configured channels. */
export interface NotificationWork {
  channels(): Promise<z.infer<typeof NotificationChannels>['items']>;
  /** Undefined if there is no such channel. Waits for the answer of the platform. */
  test(channel: string, by: string): Promise<z.infer<typeof ChannelTest> | undefined>;
  /** @returns false if it waits already; undefined if there is no such message */
  redeliver(id: number): Promise<boolean | undefined>;
}

export interface NotificationsRoutesOptions {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
  readonly notifications: NotificationWork;
}

const getNotifications = createRoute({
  method: 'get',
  path: '/notifications',
  summary: 'Messages to channels, the latest first',
  ...bearerToken,
  request: { query: NotificationsQuery },
  responses: { 200: json(Notifications, 'A page of messages.'), ...problems(401, 422, 429, 500, 503) },
});

const getNotification = createRoute({
  method: 'get',
  path: '/notifications/{id}',
  summary: 'One message with its attempts',
  ...bearerToken,
  request: { params: NotificationParams },
  responses: { 200: json(NotificationDetails, 'The message.'), ...problems(401, 404, 422, 429, 500, 503) },
});

const postRedeliver = createRoute({
  method: 'post',
  path: '/notifications/{id}/redeliver',
  summary: 'Sends a message again, with the ID that it had',
  ...bearerToken,
  request: { params: NotificationParams },
  responses: { 200: json(Redelivered, 'Whether it is pending again.'), ...problems(401, 403, 404, 422, 429, 500, 503) },
});

const getChannels = createRoute({
  method: 'get',
  path: '/notification-channels',
  summary: 'The configured channels with their state',
  ...bearerToken,
  responses: { 200: json(NotificationChannels, 'Every configured channel.'), ...problems(401, 429, 500, 503) },
});

const postTest = createRoute({
  method: 'post',
  path: '/notification-channels/{name}/test',
  summary: 'Sends a test message and waits for the answer of the platform',
  ...bearerToken,
  request: { params: ChannelParams },
  responses: { 200: json(ChannelTest, 'What the platform answered.'), ...problems(401, 403, 404, 422, 429, 500, 503) },
});

/** Routes of notifications and their channels. */
export function notificationsRoutes({ gate, readDatabase: read, notifications: work }: NotificationsRoutesOptions) {
  return openApiApp<CallerEnv>()
    .openapi({ ...getNotifications, middleware: gate.asReader }, async (context) => {
      const { cursor, failed, channel, limit } = context.req.valid('query');
      const before = cursor === undefined ? undefined : Number(cursor);
      const query = { channel, limit, before, failed: failed === 'true' };
      const { items, next } = await read(async ({ notifications }) => await notifications.list(query));
      return context.json({ items, next: next === undefined ? undefined : String(next) }, 200);
    })
    .openapi({ ...getNotification, middleware: gate.asReader }, async (context) => {
      const { id } = context.req.valid('param');
      const found = await read(async ({ notifications }) => await notifications.one(id));
      if (found === undefined) throw refusal(404, 'there is no such message, or it was pruned with the history');
      return context.json(found, 200);
    })
    .openapi({ ...postRedeliver, middleware: gate.asOperator }, async (context) => {
      const redelivered = await work.redeliver(context.req.valid('param').id);
      if (redelivered === undefined) throw refusal(404, 'there is no such message, or it was pruned with the history');
      return context.json({ redelivered }, 200);
    })
    .openapi({ ...getChannels, middleware: gate.asReader }, async (context) => {
      return context.json({ items: await work.channels() }, 200);
    })
    .openapi({ ...postTest, middleware: gate.asOperator }, async (context) => {
      const { name } = context.req.valid('param');
      const result = await work.test(name, context.get('caller').name);
      if (result === undefined)
        throw refusal(404, `there is no channel ${name}: add it below notifications in ferry.yaml`);
      return context.json(result, 200);
    });
}
