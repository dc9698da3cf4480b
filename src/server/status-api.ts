import { createRoute } from '@hono/zod-openapi';
import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { bearerToken, json, problems } from './answer-schemas.js';
import { openApiApp } from './open-api-app.js';
import { orUnavailable } from './read-database.js';
import type { ReadDatabase } from './read-database.js';
import type { RequestLimit } from './request-limit.js';
import type { RunningWork, ServerWork } from './server-work.js';
import { ImageQuery, ImageStatus, Runs, RunsQuery, Status, WantedImages, WantedQuery } from './status-schemas.js';
import { temporalFault } from './temporal-fault.js';
import { tokenGate } from './token-gate.js';

export interface StatusApiOptions {
  readonly tokens: readonly string[];
  readonly limit: RequestLimit;
  readonly work: Pick<ServerWork, 'running'>;
  readonly readDatabase: ReadDatabase;
}

const refusals = problems(401, 422, 429, 500, 503);

const getStatus = createRoute({
  method: 'get',
  path: '/api/status',
  summary: 'Counts, the last run, pull allowances, and what runs now: "ferry status --json"',
  ...bearerToken,
  responses: { 200: json(Status, 'How everything stands.'), ...refusals },
});

const getImages = createRoute({
  method: 'get',
  path: '/api/images',
  summary: 'Wanted images by state, in pages',
  ...bearerToken,
  request: { query: WantedQuery },
  responses: { 200: json(WantedImages, 'A page of rows of images_for_push.'), ...refusals },
});

const getImage = createRoute({
  method: 'get',
  path: '/api/image',
  summary: 'One image with its copies on every target: "ferry status IMAGE --json"',
  ...bearerToken,
  request: { query: ImageQuery },
  responses: { 200: json(ImageStatus, 'The image; its lists are empty if it was never wanted.'), ...refusals },
});

const getRuns = createRoute({
  method: 'get',
  path: '/api/runs',
  summary: 'Sync runs, the latest first, in pages',
  ...bearerToken,
  request: { query: RunsQuery },
  responses: { 200: json(Runs, 'A page of sync runs.'), ...refusals },
});

/** The read routes. They change nothing; without a database that can be read they answer 503 with the reason. */
export function statusApi({ tokens, limit, work, readDatabase }: StatusApiOptions) {
  const gate = tokenGate(tokens, limit);
  const read = orUnavailable(readDatabase);
  return openApiApp()
    .openapi({ ...getStatus, middleware: gate }, async (context) => {
      const [overview, allowances] = await read(async ({ status, budgets }) => [
        await status.overview(),
        await budgets.budgets(),
      ]);
      const running = await runningWork(overview.wanted.pending > 0);
      return context.json({ ...overview, allowances, ...running }, 200);
    })
    .openapi({ ...getImages, middleware: gate }, async (context) => {
      const { state, limit: most, cursor } = context.req.valid('query');
      const after = cursor === undefined ? undefined : Number(cursor);
      const { items, next } = await read(async ({ status }) => await status.listWanted(state, { limit: most, after }));
      return context.json({ items, next: next === undefined ? undefined : String(next) }, 200);
    })
    .openapi({ ...getImage, middleware: gate }, async (context) => {
      const image = printImageReference(parseImageReference(context.req.valid('query').reference));
      return context.json(await read(async ({ status }) => await status.status(image)), 200);
    })
    .openapi({ ...getRuns, middleware: gate }, async (context) => {
      const { limit: most, cursor } = context.req.valid('query');
      return context.json(await read(async ({ status }) => await status.listRuns({ limit: most, cursor })), 200);
    });

  async function runningWork(isPending: boolean): Promise<RunningWork | { readonly temporalFault: string }> {
    try {
      return await work.running(isPending);
    } catch (error) {
      return { temporalFault: temporalFault(error) };
    }
  }
}
