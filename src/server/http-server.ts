import { createRoute, z } from '@hono/zod-openapi';
import { routePath } from 'hono/route';

import { json, problems } from './answer-schemas.js';
import { withRequestId } from './around-request.js';
import type { AroundRequest } from './around-request.js';
import { consoleFiles } from './console-files.js';
import { gitHubDispatches } from './github-dispatches.js';
import { gitHubWebhooks } from './github-webhooks.js';
import { imagesApi } from './images-api.js';
import { openApiApp } from './open-api-app.js';
import { answerProblem, refusal } from './problems.js';
import type { ReadDatabase } from './read-database.js';
import type { RequestLog } from './received-requests.js';
import { createRequestLimit } from './request-limit.js';
import type { ServerLog, ServerWork } from './server-work.js';
import { statusApi } from './status-api.js';
import { v1Api } from './v1/v1-api.js';
import type { ConsolePorts, SignInSettings } from './v1/v1-api.js';
import { visibleAnswers } from './visible-answers.js';

export interface HttpServerOptions {
  /** Secret of GitHub's deliveries; absent: all are rejected. */
  readonly webhookSecret?: string | undefined;
  /** Tokens of the dispatch requests and the images API; empty: all requests are rejected. */
  readonly apiTokens: readonly string[];
  readonly branch: string;
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: a request can check any of them. */
  readonly upstreams: readonly string[];
  /** Limit per token, and for GitHub. */
  readonly requestsPerMinute: number;
  readonly work: ServerWork;
  /** Of the routes that read. */
  readonly readDatabase: ReadDatabase;
  /** Gives each request an ID; absent: requests have none. */
  readonly around?: AroundRequest | undefined;
  /** The page of `/metrics`; absent: there is no such route. */
  readonly metrics?: (() => Promise<{ readonly contentType: string; readonly text: string }>) | undefined;
  /** Folder of the web console's build; absent: it is not served. */
  readonly consoleFolder?: string | undefined;
  /** Of the ferry. */
  readonly version: string;
  readonly log: ServerLog;
  /** The ways to sign in, besides the tokens of the API. */
  readonly signIn: Omit<SignInSettings, 'apiTokens'>;
  readonly console: ConsolePorts;
  /** Keeps requests that change something; absent: they are only logged. */
  readonly requests?: RequestLog | undefined;
  /** Aborted when the server stops: ends streams of events. */
  readonly stopping: AbortSignal;
}

const Health = z.object({ status: z.literal('ok') }).openapi('Health');
const Readiness = z.object({ status: z.literal('ok'), temporal: z.literal('ok') }).openapi('Readiness');

const getHealth = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the server runs',
  responses: { 200: json(Health, 'It runs.') },
});
const getReadiness = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether Temporal answers',
  responses: { 200: json(Readiness, 'It does.'), ...problems(500, 503) },
});
const getDocument = createRoute({
  method: 'get',
  path: '/api/openapi.json',
  summary: 'This document',
  responses: { 200: json(z.object({ openapi: z.string() }).openapi('OpenApiDocument'), 'OpenAPI 3.1') },
});

/** Every route with its schemas: `hc<ServerRoutes>(url)` is a typed client of it. */
export type ServerRoutes = ReturnType<typeof createHttpServer>;

/**
 * What comes in by HTTP and becomes work for Temporal: GitHub's webhooks, the requests that callers sent to GitHub's
 * API, and an API for images. It answers 2xx only when Temporal has the work; everything else starts nothing. The routes
 * that read show how the database stands.
 */
export function createHttpServer(options: HttpServerOptions) {
  const { webhookSecret, apiTokens: tokens, branch, repositories, upstreams, requestsPerMinute } = options;
  const { work, readDatabase, log, console, stopping } = options;
  const signIn = { ...options.signIn, apiTokens: tokens };
  const limit = createRequestLimit(requestsPerMinute);
  const app = openApiApp();
  app.onError((error, context) => answerProblem(error, context, log));
  app.notFound((context) => answerProblem(refusal(404, 'Not Found'), context, log));

  // Files, which no middleware changes.
  const { consoleFolder } = options;
  if (consoleFolder !== undefined) {
    app.route('/', consoleFiles({ folder: consoleFolder, basePath: `${signIn.basePath}/` }));
  }
  const { metrics } = options;
  if (metrics !== undefined) {
    // Not a part of the API: its format is Prometheus' own.
    app.get('/metrics', async (context) => {
      const { contentType, text } = await metrics();
      return context.body(text, 200, { 'content-type': contentType, 'cache-control': 'no-store' });
    });
  }
  app.use(visibleAnswers);
  const health = app
    .openapi(getHealth, (context) => context.json({ status: 'ok' as const }, 200))
    .openapi(getReadiness, async (context) => {
      await work.assertReachable();
      return context.json({ status: 'ok' as const, temporal: 'ok' as const }, 200);
    });

  if (options.around !== undefined) app.use(withRequestId(options.around));
  app.use(async (context, next) => {
    const began = performance.now();
    await next();
    const ms = Math.round(performance.now() - began);
    // Logs the route's pattern, never the path, which may contain a secret.
    const facts = { method: context.req.method, route: routePath(context, -1), status: context.res.status, ms };
    if (context.res.status >= 400) log.warn(facts, 'request refused');
    else log.info(facts, 'request answered');
  });
  if (options.requests !== undefined) app.use(options.requests.middleware);
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'FERRY_API_TOKEN',
  });
  const dispatches = gitHubDispatches({ tokens, repositories, upstreams, limit, work, log });
  return (
    health
      .openapi(getDocument, (context) => context.json(document(), 200))
      .route('/', gitHubWebhooks({ secret: webhookSecret, branch, repositories, upstreams, limit, work, log }))
      .route('/', imagesApi({ tokens, limit, work, log }))
      .route('/', statusApi({ tokens, limit, work, readDatabase }))
      .route('/api/v1', v1Api({ signIn, console, readDatabase, work, limit, log, stopping }))
      .route('/', dispatches)
      // The address at which clients of a GitHub Enterprise Server look for its API.
      .route('/api/v3', dispatches)
  );

  function document() {
    return app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Image Ferry', version: options.version },
    });
  }
}
