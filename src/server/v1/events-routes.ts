import { createRoute, z } from '@hono/zod-openapi';

import { bearerToken, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import type { CallerEnv, Gate } from './caller.js';
import type { LiveEvents } from './live-events.js';
import { streamEvents } from './stream-events.js';

export interface EventsRoutesOptions {
  readonly gate: Gate;
  readonly live: LiveEvents;
}

const EventsQuery = z.object({
  lastEventId: z
    .string()
    .regex(/^\d{1,16}$/)
    .optional()
    .openapi({ description: 'as the header Last-Event-ID; absent: only what happens from now on' }),
});

const getEvents = createRoute({
  method: 'get',
  path: '/events',
  summary: 'State changes and progress as they happen, by Server-Sent Events',
  ...bearerToken,
  request: {
    headers: z.object({ 'last-event-id': z.string().optional() }),
    query: EventsQuery,
  },
  responses: {
    200: {
      description:
        'Events "state" with the ID and the fields of StateEvent, the oldest first, and "progress" with those of Progress, at most twice a second.',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    ...problems(401, 422, 429, 500, 503),
  },
});

/** Live updates. */
export function eventsRoutes({ gate, live }: EventsRoutesOptions) {
  return openApiApp<CallerEnv>().openapi({ ...getEvents, middleware: gate.asReader }, (context) => {
    const { lastEventId } = context.req.valid('query');
    const header = context.req.valid('header')['last-event-id'];
    const after = /^\d{1,16}$/.test(header ?? '') ? header : lastEventId;
    return streamEvents(context, live, after === undefined ? undefined : Number(after));
  });
}
