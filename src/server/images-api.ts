import { randomUUID } from 'node:crypto';

import { createRoute, z } from '@hono/zod-openapi';

import type { AddImageInput, AddImageResult } from '../contract/sync-messages.js';
import { shownInAnswers } from '../domain/judge-requested-images.js';
import { refusalCodes } from '../domain/requested-images.js';
import { bearerToken, json, problems } from './answer-schemas.js';
import { EventType, readAddImage } from './event-types.js';
import { openApiApp } from './open-api-app.js';
import { refusal } from './problems.js';
import { noteRequest } from './received-requests.js';
import { assertJsonType, jsonBody, limitedBody } from './request-body.js';
import type { RequestLimit } from './request-limit.js';
import { logIgnored } from './server-work.js';
import type { ServerLog, ServerWork } from './server-work.js';
import { tokenGate } from './token-gate.js';

export interface ImagesApiOptions {
  readonly tokens: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

/** Any value: `readAddImage` validates it. The response refuses an invalid entry of a list separately. */
const field = (description: string, example?: unknown) => z.unknown().openapi({ description, example });
const ImageFields = z
  .looseObject({
    images: field('references, or objects like this one', ['nginx:1.27']),
    image: field('one reference', 'nginx:1.27'),
    registry: field('host of the registry, with namespace, name and tag instead of a reference'),
    namespace: field('path before the name'),
    name: field('name of the image'),
    tag: field('tag of the image'),
    platforms: field('for these platforms, or "all"', ['linux/amd64']),
    platform: field('for this platform', 'linux/amd64'),
  })
  .partial();
const RequestedImages = z
  .union([z.string().openapi({ example: 'nginx:1.27' }), z.array(z.unknown()), ImageFields], {
    error: 'expected {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}, one image as text, or a list of images',
  })
  .openapi('RequestedImages');

const AddedImage = z
  .object({
    asked: z.string().openapi({ description: 'the reference as it was sent' }),
    image: z.string().optional().openapi({ description: 'canonical; absent when refused' }),
    platform: z.string().optional(),
    outcome: z.enum(['added', 'renewed', 'already-pending', 'refused']),
    code: z.enum(refusalCodes).optional().openapi({ description: 'of a refused image, for programs' }),
    previous: z.enum(['pending', 'pushed', 'blocked', 'withdrawn']).optional(),
    reason: z.string().optional(),
  })
  .openapi('AddedImage');
const ignoredFields = z.array(z.string()).readonly().optional();
export const AddedImages = z
  .object({
    delivery: z.string(),
    images: z.array(AddedImage).readonly(),
    syncRequested: z.boolean(),
    repeated: z.boolean().openapi({ description: 'this request was handled before' }),
    ignored: ignoredFields.openapi({ description: 'fields that mean nothing here' }),
  })
  .openapi('AddedImages');
export const Accepted = z
  .object({ delivery: z.string(), accepted: z.literal(true), ignored: ignoredFields })
  .openapi('Accepted');

const addImages = createRoute({
  method: 'post',
  path: '/api/images',
  summary: 'Requests images, and says what became of each reference',
  ...bearerToken,
  request: {
    headers: z.object({
      'idempotency-key': z.string().optional().openapi({ description: 'makes a repetition harmless' }),
    }),
    body: { required: true, ...json(RequestedImages, 'the images') },
  },
  responses: {
    200: json(AddedImages, 'What became of each reference.'),
    202: json(Accepted, 'Temporal has the request; no worker has answered within 20 seconds.'),
    ...problems(400, 401, 413, 415, 422, 429, 500, 503),
  },
});

/** `POST /api/images`: responds with the outcome of each reference. `Idempotency-Key` makes a repeated request safe. */
export function imagesApi({ tokens, limit, work, log }: ImagesApiOptions) {
  const middleware = [tokenGate(tokens, limit), limitedBody(), jsonBody(assertJsonType)];
  return openApiApp().openapi({ ...addImages, middleware }, async (context) => {
    const key = context.req.header('idempotency-key') ?? randomUUID();
    if (!/^[\w.:-]{1,128}$/.test(key)) {
      throw refusal(
        400,
        'the header Idempotency-Key may contain only letters, digits, dots, colons, underscores and dashes',
      );
    }
    const event = readAddImage(context.req.valid('json'), 'POST /api/images');

    const delivery = `api-${key}`;
    noteRequest(context, { delivery, event: EventType.addImage });
    await work.addImages(delivery, event.input);
    log.info({ delivery, images: event.input.images.length }, 'images requested');
    logIgnored(log, delivery, event);
    const { ignored } = event;
    const result = await work.addImagesResult(delivery);
    if (result !== undefined) {
      assertAnswered(event.input, result, key);
      return context.json({ delivery, ...result, ignored }, 200);
    }
    // Temporal has it, and no worker has answered yet: with the same key the sender may send it again.
    return context.json({ delivery, accepted: true as const, ignored }, 202);
  });
}

/**
 * Rejects a key that was used for other images: their results would look like those of this request, which did nothing.
 */
function assertAnswered({ images }: AddImageInput, { images: answers }: AddImageResult, key: string): void {
  // A run that found the delivery already handled returns no images.
  if (answers.length === 0) return;
  const asked = new Set(images.map((image) => shownInAnswers(typeof image === 'string' ? image : image.image)));
  const answered = new Set(answers.map((answer) => answer.asked));
  if (asked.size === answered.size && [...asked].every((image) => answered.has(image))) return;
  throw refusal(422, `the Idempotency-Key "${key}" was already used for other images: use another key`);
}
