import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import type { AddImageResult } from '../../contract/sync-messages.js';
import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import type { ReadDatabase } from '../read-database.js';
import type { CallerEnv, Gate } from './caller.js';
import { ReceivedRequests, RequestDetails, RequestParams, RequestsQuery } from './request-schemas.js';

export interface RequestsRoutesOptions {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
  /** What became of the images of a delivery; undefined if it named none, or it is not known (any more). */
  readonly imagesOf: (delivery: string) => Promise<AddImageResult['images'] | undefined>;
}

const getRequests = createRoute({
  method: 'get',
  path: '/requests',
  summary: 'Webhook deliveries and requests that change something, the latest first; refused ones too',
  ...bearerToken,
  request: { query: RequestsQuery },
  responses: { 200: json(ReceivedRequests, 'A page of requests.'), ...problems(401, 422, 429, 500, 503) },
});

const getRequest = createRoute({
  method: 'get',
  path: '/requests/{id}',
  summary: 'One request, with what became of each image',
  ...bearerToken,
  request: { params: RequestParams },
  responses: { 200: json(RequestDetails, 'The request.'), ...problems(401, 404, 422, 429, 500, 503) },
});

/** Routes of received requests. */
export function requestsRoutes({ gate, readDatabase: read, imagesOf }: RequestsRoutesOptions) {
  const middleware = gate.asReader;
  return openApiApp<CallerEnv>()
    .openapi({ ...getRequests, middleware }, async (context) => {
      const { cursor, ...query } = context.req.valid('query');
      const before = cursor === undefined ? undefined : Number(cursor);
      const { items, next } = await read(async ({ requests }) => await requests.list({ ...query, before }));
      return context.json({ items, next: next === undefined ? undefined : String(next) }, 200);
    })
    .openapi({ ...getRequest, middleware }, async (context) => {
      const { id } = context.req.valid('param');
      const request: z.infer<typeof RequestDetails> | undefined = await read(
        async ({ requests }) => await requests.one(id),
      );
      if (request === undefined) throw refusal(404, 'there is no such request, or it was pruned with the history');
      const { delivery } = request;
      return context.json({ ...request, images: delivery === undefined ? undefined : await imagesOf(delivery) }, 200);
    });
}
