import { randomUUID } from 'node:crypto';

import { Hono } from 'hono';

import type { ServerLog, ServerWork } from './server-work.js';
import { logIgnored } from './server-work.js';
import type { AddImageInput, AddImageResult } from '../contract/sync-messages.js';
import { shownInAnswers } from '../domain/judge-requested-images.js';
import { readAddImage } from './event-types.js';
import { refusal } from './problems.js';
import { assertJsonType, limitedBody, parseJson } from './request-body.js';
import type { RequestLimit } from './request-limit.js';
import { tokenGate } from './token-gate.js';

export interface ImagesApiOptions {
  readonly tokens: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

/** `POST /api/images`: answers what became of each reference. `Idempotency-Key` makes a repetition harmless. */
export function imagesApi({ tokens, limit, work, log }: ImagesApiOptions): Hono {
  return new Hono().post('/api/images', tokenGate(tokens, limit), limitedBody(), async (context) => {
    assertJsonType(context);
    const key = context.req.header('idempotency-key') ?? randomUUID();
    if (!/^[\w.:-]{1,128}$/.test(key)) {
      throw refusal(400, 'the header Idempotency-Key holds something else than letters, digits, dots, colons, dashes');
    }
    const event = readAddImage(parseJson(await context.req.text()), 'POST /api/images');

    const delivery = `api-${key}`;
    await work.addImages(delivery, event.input);
    log.info({ delivery, images: event.input.images.length }, 'images asked for');
    logIgnored(log, delivery, event);
    const ignored = event.ignored === undefined ? {} : { ignored: event.ignored };
    const result = await work.addImagesResult(delivery);
    if (result !== undefined) {
      assertAnswered(event.input, result, key);
      return context.json({ delivery, ...result, ...ignored });
    }
    // Temporal has it, and no worker has answered yet: with the same key the sender may ask again.
    return context.json({ delivery, accepted: true, ...ignored }, 202);
  });
}

/** The answers of another request with the same key would look like those of this one, of which nothing was done. */
function assertAnswered({ images }: AddImageInput, { images: answers }: AddImageResult, key: string): void {
  // A run that found the delivery handled by an earlier one says nothing of its images.
  if (answers.length === 0) return;
  const asked = new Set(images.map((image) => shownInAnswers(typeof image === 'string' ? image : image.image)));
  const answered = new Set(answers.map((answer) => answer.asked));
  if (asked.size === answered.size && [...asked].every((image) => answered.has(image))) return;
  throw refusal(422, `the Idempotency-Key "${key}" was used for other images: send these with another one`);
}
