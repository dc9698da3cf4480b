import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { Accepted, AddedImages } from '../images-api.js';
import { openApiApp } from '../open-api-app.js';
import { noteRequest } from '../received-requests.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import { AddRequest, ParsedText, ParseRequest } from './add-schemas.js';
import type { Caller, CallerEnv, Gate } from './caller.js';

/** Requests of images that a person pasted. */
export interface PastedImages {
  /** What each line means; nothing is added. */
  parse(request: z.infer<typeof ParseRequest>, signal: AbortSignal): Promise<z.infer<typeof ParsedText>>;
  /** @returns the outcome of each image, or that Temporal has the request and no worker has answered */
  add(
    request: z.infer<typeof AddRequest>,
    caller: Caller,
  ): Promise<z.infer<typeof AddedImages> | z.infer<typeof Accepted>>;
}

export interface AddRoutesOptions {
  readonly gate: Gate;
  readonly pasted: PastedImages;
}

const refusals = problems(400, 401, 403, 413, 415, 422, 429, 500, 503);

const postParse = createRoute({
  method: 'post',
  path: '/add/parse',
  summary: 'What is understood of a text, line by line; nothing is added',
  ...bearerToken,
  request: { body: { required: true, ...json(ParseRequest, 'the text') } },
  responses: {
    200: json(ParsedText, 'Each line that is not empty.'),
    ...problems(400, 401, 413, 415, 422, 429, 500, 503),
  },
});

const postAdd = createRoute({
  method: 'post',
  path: '/add',
  summary: 'Adds images, and says what became of each',
  ...bearerToken,
  request: { body: { required: true, ...json(AddRequest, 'a text, or images') } },
  responses: {
    200: json(AddedImages, 'What became of each reference.'),
    202: json(Accepted, 'Temporal has the request; no worker has answered within 20 seconds.'),
    ...refusals,
  },
});

/** Routes by which a person adds images. */
export function addRoutes({ gate, pasted }: AddRoutesOptions) {
  const body = [limitedBody(), jsonBody(assertJsonType)];
  return openApiApp<CallerEnv>()
    .openapi({ ...postParse, middleware: [gate.asReader, ...body] }, async (context) => {
      return context.json(await pasted.parse(context.req.valid('json'), context.req.raw.signal), 200);
    })
    .openapi({ ...postAdd, middleware: [gate.asOperator, ...body] }, async (context) => {
      const added = await pasted.add(context.req.valid('json'), context.get('caller'));
      noteRequest(context, { delivery: added.delivery });
      return 'accepted' in added ? context.json(added, 202) : context.json(added, 200);
    });
}
