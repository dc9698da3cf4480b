import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { noteRequest } from '../received-requests.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import type { Caller, CallerEnv, Gate } from './caller.js';
import { ImageAction, ImageActionPreview, ImageActionResult } from './image-action-schemas.js';

type ActionRequest = z.infer<typeof ImageAction>;

/** Changes of many images at once. Both throw FerryError `database` when the database cannot be changed. */
export interface ImageActions {
  apply(request: ActionRequest, caller: Caller): Promise<z.infer<typeof ImageActionResult>>;
  /** What {@link apply} would change, and what the next sync run would then copy. It changes nothing. */
  preview(request: ActionRequest, signal: AbortSignal): Promise<z.infer<typeof ImageActionPreview>>;
}

export interface ImageActionsRoutesOptions {
  readonly gate: Gate;
  readonly actions: ImageActions;
}

const refusals = problems(400, 401, 403, 413, 415, 422, 429, 500, 503);
const body = { required: true, ...json(ImageAction, 'what to do with which images') };

const postAction = createRoute({
  method: 'post',
  path: '/images/actions',
  summary: 'Retries, forces, removes or backfills images, and requests a sync run',
  ...bearerToken,
  request: { body },
  responses: { 200: json(ImageActionResult, 'What changed.'), ...refusals },
});

const postPreview = createRoute({
  method: 'post',
  path: '/images/preview',
  summary: 'What the same request to /images/actions would do: images, bytes and pulls',
  ...bearerToken,
  request: { body },
  responses: { 200: json(ImageActionPreview, 'What would change; nothing has changed.'), ...refusals },
});

/** Routes that change many images at once. */
export function imageActionsRoutes({ gate, actions }: ImageActionsRoutesOptions) {
  const middleware = [gate.asOperator, limitedBody(), jsonBody(assertJsonType)];
  return openApiApp<CallerEnv>()
    .openapi({ ...postAction, middleware }, async (context) => {
      const request = context.req.valid('json');
      noteRequest(context, { event: request.action });
      return context.json(await actions.apply(request, context.get('caller')), 200);
    })
    .openapi({ ...postPreview, middleware }, async (context) => {
      return context.json(await actions.preview(context.req.valid('json'), context.req.raw.signal), 200);
    });
}
