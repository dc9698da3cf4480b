import { createRoute, z } from '@hono/zod-openapi';

import { printRunCause, readRunCause } from '../../domain/run-cause.js';
import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import type { ReadDatabase } from '../read-database.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import { RunsQuery } from '../status-schemas.js';
import type { CallerEnv, Gate } from './caller.js';
import type { ConsoleWork } from './console-work.js';
import { Progress, RunCancelled, RunDetails, RunRequest, RunRequested, RunsWithCauses } from './run-schemas.js';

export interface RunsRoutesOptions {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
  readonly work: Pick<ConsoleWork, 'progress' | 'requestSync' | 'cancelSync'>;
}

const mostNotDone = 1_000;
const refusals = problems(401, 422, 429, 500, 503);
const changeRefusals = problems(400, 401, 403, 413, 415, 422, 429, 500, 503);

const getRuns = createRoute({
  method: 'get',
  path: '/runs',
  summary: 'Sync runs, the latest first, in pages',
  ...bearerToken,
  request: { query: RunsQuery },
  responses: { 200: json(RunsWithCauses, 'A page of sync runs.'), ...refusals },
});

const getCurrent = createRoute({
  method: 'get',
  path: '/runs/current',
  summary: 'The sync run in progress, with its transfers',
  ...bearerToken,
  responses: { 200: json(Progress, 'Its progress; phase idle: none is in progress.'), ...refusals },
});

const getRun = createRoute({
  method: 'get',
  path: '/runs/{id}',
  summary: 'One sync run, with what it did not complete',
  ...bearerToken,
  request: { params: z.object({ id: z.string().max(100) }) },
  responses: { 200: json(RunDetails, 'The run.'), ...problems(401, 404, 422, 429, 500, 503) },
});

const postRun = createRoute({
  method: 'post',
  path: '/runs',
  summary: 'Requests a sync run; one in progress looks again for pending images',
  ...bearerToken,
  request: { body: { required: true, ...json(RunRequest, 'why') } },
  responses: { 202: json(RunRequested, 'Temporal has the request.'), ...changeRefusals },
});

const deleteCurrent = createRoute({
  method: 'delete',
  path: '/runs/current',
  summary: 'Cancels the sync run in progress: what it has copied stays, the rest stays pending',
  ...bearerToken,
  responses: { 202: json(RunCancelled, 'Temporal has the request.'), ...problems(401, 403, 429, 500, 503) },
});

/** Routes of sync runs. */
export function runsRoutes({ gate, readDatabase: read, work }: RunsRoutesOptions) {
  const middleware = gate.asReader;
  return openApiApp<CallerEnv>()
    .openapi({ ...getRuns, middleware }, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const page = await read(async ({ status }) => await status.listRuns({ limit, cursor }));
      return context.json({ ...page, items: page.items.map(withCauses) }, 200);
    })
    .openapi({ ...getCurrent, middleware }, async (context) => {
      return context.json((await work.progress()) ?? idle(), 200);
    })
    .openapi({ ...getRun, middleware }, async (context) => {
      const { id } = context.req.valid('param');
      const [run, notDone] = await read(async ({ status }) => [
        await status.run(id),
        await status.notDone(id, mostNotDone),
      ]);
      if (run === undefined) throw refusal(404, 'there is no such run, or it was pruned with the history');
      return context.json({ ...withCauses(run), notDone }, 200);
    })
    .openapi(
      { ...postRun, middleware: [gate.asOperator, limitedBody(), jsonBody(assertJsonType)] },
      async (context) => {
        const { reason } = context.req.valid('json');
        const { name } = context.get('caller');
        await work.requestSync(
          printRunCause('console', { who: name, ...(reason === undefined ? {} : { what: reason }) }),
        );
        return context.json({ requested: true as const }, 202);
      },
    )
    .openapi({ ...deleteCurrent, middleware: gate.asOperator }, async (context) => {
      return context.json({ cancelled: await work.cancelSync() }, 202);
    });
}

function withCauses<R extends { readonly reasons: readonly string[] }>(run: R) {
  return { ...run, causes: run.reasons.map(readRunCause) };
}

/** What is answered while no run is in progress. */
export function idle(): z.infer<typeof Progress> {
  return {
    phase: 'idle',
    at: Date.now(),
    queued: 0,
    inFlight: 0,
    images: 0,
    pushed: 0,
    waiting: 0,
    retrying: 0,
    blocked: 0,
    working: [],
    transfers: [],
  };
}
