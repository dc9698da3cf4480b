import { z } from '@hono/zod-openapi';

import { StrictImageFilter } from './image-schemas.js';

/** Limit of images that a request names one by one. */
const mostImages = 10_000;

const action = z.enum(['retry', 'force', 'remove', 'backfill']).openapi({
  description:
    'retry: pending again; force: copy again, whatever the targets have; remove: withdraw; backfill: copy to one target what it lacks',
});

export const ImageAction = z
  .strictObject({
    action,
    images: z.array(z.string().min(1).max(1_000)).min(1).max(mostImages).readonly().optional(),
    filter: StrictImageFilter.optional().openapi({ description: 'everything that matches, instead of images' }),
    target: z.string().max(64).optional().openapi({ description: 'of a backfill' }),
  })
  .refine(({ images, filter }) => (images === undefined) !== (filter === undefined), {
    error: 'give either images or filter',
  })
  .refine(({ action: name, target }) => (name === 'backfill') === (target !== undefined), {
    error: 'target belongs to backfill, which needs it',
    path: ['target'],
  })
  .openapi('ImageAction');

export const ImageActionResult = z
  .object({
    action,
    images: z.int().openapi({ description: 'images that changed' }),
    rows: z.int().openapi({ description: 'rows that changed, one for each platform' }),
    refused: z
      .array(z.object({ image: z.string(), reason: z.string() }))
      .readonly()
      .openapi({ description: 'the first 100 images that are not wanted or are no reference' }),
    syncRequested: z.boolean(),
    fault: z.string().optional().openapi({ description: 'why no sync run was requested, although the rows changed' }),
  })
  .openapi('ImageActionResult');

/** What a sync run would do for some images. */
export const PlanFigures = z
  .object({
    images: z.int().openapi({ description: 'images that were planned in time' }),
    isComplete: z.boolean().openapi({ description: 'false: the time limit was reached; the figures are a part' }),
    there: z.int().openapi({ description: 'already on every target' }),
    copy: z.int(),
    unread: z.int().openapi({ description: 'would be copied, but reading how much would cost a pull' }),
    adopt: z.int(),
    stopped: z.int().openapi({ description: 'their source, or every target, has a fault' }),
    pulls: z.int(),
    bytesToRead: z.int(),
    bytesToSend: z.int(),
  })
  .openapi('PlanFigures');

export const ImageActionPreview = z
  .object({
    action,
    images: z.int().openapi({ description: 'images that would change' }),
    rows: z.int(),
    sample: z.array(z.string()).readonly().openapi({ description: 'the first 100 of them' }),
    refused: z.array(z.object({ image: z.string(), reason: z.string() })).readonly(),
    plan: PlanFigures.optional().openapi({ description: 'absent where nothing is copied' }),
    planFault: z.string().optional().openapi({ description: 'why nothing could be planned' }),
  })
  .openapi('ImageActionPreview');
