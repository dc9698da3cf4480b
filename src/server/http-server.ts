import { Hono } from 'hono';
import { routePath } from 'hono/route';

import type { ServerLog, ServerWork } from './server-work.js';
import { gitHubDispatches } from './github-dispatches.js';
import { gitHubWebhooks } from './github-webhooks.js';
import { imagesApi } from './images-api.js';
import { answerProblem, refusal } from './problems.js';
import { createRequestLimit } from './request-limit.js';
import { visibleAnswers } from './visible-answers.js';

export interface HttpServerOptions {
  /** Of GitHub's deliveries; absent: none is let in. */
  readonly webhookSecret?: string;
  /** Of the dispatch requests and the images API; none: nobody is let in. */
  readonly apiTokens: readonly string[];
  readonly branch: string;
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: each can be requested. */
  readonly upstreams: readonly string[];
  /** By one token, and by GitHub. */
  readonly requestsPerMinute: number;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

/**
 * What comes in by HTTP and becomes work for Temporal: GitHub's webhooks, the requests that callers sent to GitHub's
 * API, and an API for images. It answers 2xx only when Temporal has the work; everything else starts nothing.
 */
export function createHttpServer({
  webhookSecret,
  apiTokens: tokens,
  branch,
  repositories,
  upstreams,
  requestsPerMinute,
  work,
  log,
}: HttpServerOptions): Hono {
  const limit = createRequestLimit(requestsPerMinute);
  const app = new Hono();
  app.onError((error, context) => answerProblem(error, context, log));
  app.notFound((context) => answerProblem(refusal(404, 'there is nothing at this address'), context, log));

  app.use(visibleAnswers);
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', async (context) => {
    await work.assertReachable();
    return context.json({ status: 'ok', temporal: 'ok' });
  });

  app.use(async (context, next) => {
    const began = performance.now();
    await next();
    const ms = Math.round(performance.now() - began);
    // The pattern of the route, never the path: people put secrets into addresses.
    const facts = { method: context.req.method, route: routePath(context, -1), status: context.res.status, ms };
    if (context.res.status >= 400) log.warn(facts, 'request refused');
    else log.info(facts, 'request answered');
  });
  const secret = webhookSecret === undefined ? {} : { secret: webhookSecret };
  app.route('/', gitHubWebhooks({ ...secret, branch, repositories, upstreams, limit, work, log }));
  app.route('/', imagesApi({ tokens, limit, work, log }));
  const dispatches = gitHubDispatches({ tokens, repositories, upstreams, limit, work, log });
  app.route('/', dispatches);
  // Where clients of a GitHub Enterprise Server look for its API.
  app.route('/api/v3', dispatches);
  return app;
}
