import { z } from '@hono/zod-openapi';

import { Copy, copyState, limit, PushedImage, StateEvent, time, wantedFacts, wantedRow } from '../status-schemas.js';

/** `waiting` and `retrying` are pending images that a run has tried. */
export const imageState = z.enum(['pending', 'waiting', 'retrying', 'blocked', 'pushed', 'withdrawn']);

const listedState = z
  .enum(['wanted', 'missing', ...imageState.options])
  .openapi({ description: 'wanted: all but withdrawn; missing: neither pushed nor withdrawn; with target: there' });

/** Filters of images: the same for the list, its count, the export and actions. */
const imageFilterFields = {
  search: z.string().max(300).optional().openapi({ description: 'part of the image, in upper or lower case' }),
  state: listedState.optional().openapi({ description: 'default: wanted' }),
  target: z.string().max(64).optional().openapi({ description: 'name of a target' }),
  host: z.string().max(255).optional().openapi({ description: 'registry of the source', example: 'ghcr.io' }),
  upstream: z.string().max(64).optional().openapi({ description: 'that announced the image' }),
  code: z.string().max(40).optional().openapi({ description: 'fault code of the image or of a copy' }),
  olderThan: z.coerce
    .number<string | number>()
    .int()
    .min(0)
    .optional()
    .openapi({ type: 'integer', description: 'no request and no run since then, UTC milliseconds' }),
} as const;

export const ImageFilter = z.object(imageFilterFields).openapi('ImageFilter');

/** Of a change: a field that is mistyped must not select everything. */
export const StrictImageFilter = z.strictObject(imageFilterFields).openapi('StrictImageFilter');

export const imageSort = z.enum(['added', 'image', 'checked']);

export const ImageListQuery = z.object({
  ...imageFilterFields,
  sort: imageSort.default('added').openapi({ description: 'added: by the row, checked: by the last run' }),
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: limit(100, 1_000),
  cursor: z.string().max(2_000).optional().openapi({ description: '"next" of the page before, with the same sort' }),
});

export const ListedImage = z
  .object({
    ...wantedRow,
    state: imageState,
    ...wantedFacts,
    allowanceAt: time('when the source allows pulls again').optional().openapi({
      description: 'when the pull allowance that the image waits for is free again, UTC milliseconds',
    }),
    copies: z
      .array(
        z.object({
          target: z.string(),
          state: copyState,
          code: z.string().optional(),
          reason: z.string().optional(),
          lastTriedAt: time('last attempt'),
        }),
      )
      .readonly()
      .openapi({ description: 'on the targets that a run has tried' }),
  })
  .openapi('ListedImage');

export const ListedImages = z
  .object({
    items: z.array(ListedImage).readonly(),
    next: z.string().optional().openapi({ description: 'cursor of the next page; absent at the end' }),
  })
  .openapi('ListedImages');

export const ImageCount = z.object({ count: z.int() }).openapi('ImageCount');

export const ImageDetails = z
  .object({
    image: z.string(),
    rows: z.array(ListedImage).readonly().openapi({ description: 'one for each platform; empty: never wanted' }),
    copies: z.array(Copy).readonly(),
    pushed: z.array(PushedImage).readonly(),
    events: z.array(StateEvent).readonly().openapi({ description: 'newest 200, the oldest of them first' }),
    names: z
      .array(
        z.object({
          target: z.string(),
          reference: z.string().optional().openapi({ description: 'absent: the target takes no such name' }),
          fault: z.string().optional(),
        }),
      )
      .readonly()
      .openapi({ description: 'where it is, or would be, on each target' }),
    replaced: z
      .array(
        z.object({
          target: z.string(),
          reference: z.string().optional(),
          before: z.string().openapi({ description: 'digest that the tag pointed to' }),
          digest: z.string().optional().openapi({ description: 'digest that it points to since then' }),
          backup: z.string().optional(),
          run: z.string(),
          at: time('when it was replaced'),
        }),
      )
      .readonly()
      .openapi({ description: 'what the tag pointed to before, the newest first' }),
  })
  .openapi('ImageDetails');

export const ExportQuery = z.object({ ...imageFilterFields, format: z.enum(['csv', 'json']).default('csv') });
