import { createRoute } from '@hono/zod-openapi';
import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import type { ReadDatabase } from '../read-database.js';
import { ImageQuery } from '../status-schemas.js';
import type { CallerEnv, Gate } from './caller.js';
import { printCursor, readCursor } from './cursor.js';
import { withAllowances } from './image-allowances.js';
import { exportImages } from './image-export.js';
import { ExportQuery, ImageCount, ImageDetails, ImageFilter, ImageListQuery, ListedImages } from './image-schemas.js';
import type { NamesOnTargets } from './names-on-targets.js';

export interface ImagesRoutesOptions {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
  readonly names: NamesOnTargets;
}

const refusals = problems(401, 422, 429, 500, 503);

const getImages = createRoute({
  method: 'get',
  path: '/images',
  summary: 'Wanted images by filters, sorted, in pages',
  ...bearerToken,
  request: { query: ImageListQuery },
  responses: { 200: json(ListedImages, 'A page of wanted images, one for each platform.'), ...refusals },
});

const getCount = createRoute({
  method: 'get',
  path: '/images/count',
  summary: 'How many wanted images match the filters',
  ...bearerToken,
  request: { query: ImageFilter },
  responses: { 200: json(ImageCount, 'Their number.'), ...refusals },
});

const getExport = createRoute({
  method: 'get',
  path: '/images/export',
  summary: 'All wanted images that match the filters, as a file',
  ...bearerToken,
  request: { query: ExportQuery },
  responses: {
    200: {
      description: 'CSV with a header, or a JSON array, in the order of the rows.',
      content: { 'text/csv': { schema: { type: 'string' } }, 'application/json': { schema: { type: 'array' } } },
    },
    ...refusals,
  },
});

const getImage = createRoute({
  method: 'get',
  path: '/image',
  summary: 'One image: its platforms, copies, names on targets, and what happened to it',
  ...bearerToken,
  request: { query: ImageQuery },
  responses: { 200: json(ImageDetails, 'The image; its lists are empty if it was never wanted.'), ...refusals },
});

/** Routes that show wanted images. */
export function imagesRoutes({ gate, readDatabase: read, names }: ImagesRoutesOptions) {
  const middleware = gate.asReader;
  return openApiApp<CallerEnv>()
    .openapi({ ...getImages, middleware }, async (context) => {
      const { sort, order, limit, cursor, ...filter } = context.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(sort, cursor);
      const page = await read(async ({ images, budgets }) => {
        const { items, next } = await images.list(filter, { sort, order, limit, after });
        return { items: await withAllowances(items, budgets), next };
      });
      const next = page.next === undefined ? undefined : printCursor(sort, page.next);
      return context.json({ items: page.items, next }, 200);
    })
    .openapi({ ...getCount, middleware }, async (context) => {
      const filter = context.req.valid('query');
      return context.json({ count: await read(async ({ images }) => await images.count(filter)) }, 200);
    })
    .openapi({ ...getExport, middleware }, (context) => {
      const { format, ...filter } = context.req.valid('query');
      return exportImages({ format, filter, readDatabase: read });
    })
    .openapi({ ...getImage, middleware }, async (context) => {
      const reference = parseImageReference(context.req.valid('query').reference);
      const details = await read(async ({ images, budgets }) => {
        const found = await images.details(printImageReference(reference));
        return { ...found, rows: await withAllowances(found.rows, budgets) };
      });
      return context.json({ ...details, names: await names.of(reference) }, 200);
    });
}
