import { randomUUID } from 'node:crypto';

import { createRoute, z } from '@hono/zod-openapi';

import { bearerToken, gitHubProblems, json } from './answer-schemas.js';
import { eventTypes, readEvent } from './event-types.js';
import { openApiApp } from './open-api-app.js';
import { answerAsGitHub, refusal } from './problems.js';
import { noteRequest } from './received-requests.js';
import { assertJsonTypeAsGitHub, jsonBody, limitedBody } from './request-body.js';
import type { RequestLimit } from './request-limit.js';
import { logIgnored, startWork } from './server-work.js';
import type { ServerLog, ServerWork, Event } from './server-work.js';
import { tokenGate } from './token-gate.js';
import { eventOfWorkflowFile } from './workflow-files.js';

export interface DispatchOptions {
  readonly tokens: readonly string[];
  /** `owner/name` of the repositories that exist here; empty: every repository. */
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: a request can check any of them. */
  readonly upstreams: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

const RepositoryDispatch = z
  .strictObject({
    event_type: z.string().min(1).max(100),
    client_payload: z.unknown().optional(),
  })
  .openapi('RepositoryDispatch');
const WorkflowDispatch = z
  .strictObject({
    // The ferry has no branches, but GitHub's clients always send one.
    ref: z.string().min(1),
    inputs: z.record(z.string(), z.unknown()).optional(),
    return_run_details: z.literal(false).optional(),
  })
  .openapi('WorkflowDispatch');

const accepted = {
  204: {
    description: 'Temporal has the work. The header X-GitHub-Delivery names it.',
    headers: z.object({ 'x-github-delivery': z.string() }),
  },
  ...gitHubProblems(400, 401, 404, 413, 415, 422, 429, 500, 503),
};
const RepositoryParams = z.object({ owner: z.string(), repo: z.string() });

const dispatchEvent = createRoute({
  method: 'post',
  path: '/repos/{owner}/{repo}/dispatches',
  summary: "GitHub's repository_dispatch",
  ...bearerToken,
  request: { params: RepositoryParams, body: { required: true, ...json(RepositoryDispatch, 'the event') } },
  responses: accepted,
});

const dispatchWorkflow = createRoute({
  method: 'post',
  path: '/repos/{owner}/{repo}/actions/workflows/{id}/dispatches',
  summary: "GitHub's workflow_dispatch",
  ...bearerToken,
  request: {
    params: RepositoryParams.extend({ id: z.string().openapi({ description: 'name of a workflow file' }) }),
    body: { required: true, ...json(WorkflowDispatch, 'the inputs') },
  },
  responses: accepted,
});

/** The two requests of GitHub's API that start workflows: callers change only the base URL. */
export function gitHubDispatches({ tokens, repositories, upstreams, limit, work, log }: DispatchOptions) {
  const app = openApiApp();
  app.onError((error, context) => answerAsGitHub(error, context, log));
  app.use('/repos/:owner/:repo/*', tokenGate(tokens, limit), limitedBody(), async (context, next) => {
    assertExists(`${context.req.param('owner')}/${context.req.param('repo')}`);
    await next();
  });
  app.use('/repos/:owner/:repo/actions/workflows/:id/dispatches', async (context, next) => {
    typeOf(context.req.param('id'));
    await next();
  });
  const body = jsonBody(assertJsonTypeAsGitHub);

  return app
    .openapi({ ...dispatchEvent, middleware: body }, async (context) => {
      const { owner, repo } = context.req.valid('param');
      const { event_type: type, client_payload: payload } = context.req.valid('json');
      const repository = `${owner}/${repo}`;
      noteRequest(context, { repository, event: type });
      const delivery = await start({ event: read(type, payload, repository), type, repository });
      noteRequest(context, { delivery });
      return context.body(null, 204, { 'x-github-delivery': delivery });
    })
    .openapi({ ...dispatchWorkflow, middleware: body }, async (context) => {
      const { owner, repo, id } = context.req.valid('param');
      const repository = `${owner}/${repo}`;
      const type = typeOf(id);
      noteRequest(context, { repository, event: type });
      const event = read(type, context.req.valid('json').inputs, repository);
      if (event.ignored !== undefined) {
        throw refusal(422, `Unexpected inputs provided: ${JSON.stringify(event.ignored)}`);
      }
      const delivery = await start({ event, type, repository });
      noteRequest(context, { delivery });
      return context.body(null, 204, { 'x-github-delivery': delivery });
    });

  function typeOf(file: string): string {
    const type = eventOfWorkflowFile(file, upstreams);
    if (type !== undefined) return type;
    throw refusal(404, `Not Found: no workflow of this server has such a file name, known are ${known()}`);
  }

  function read(type: string, payload: unknown, repository: string): Event {
    const event = readEvent({ type, payload, sender: `dispatch to ${repository}` }, upstreams);
    if (event !== undefined) return event;
    throw refusal(422, `Invalid request: event_type is "${type}", known are ${known()}`);
  }

  function known(): string {
    return eventTypes(upstreams).join(', ');
  }

  async function start(dispatch: { event: Event; type: string; repository: string }): Promise<string> {
    const { event, type, repository } = dispatch;
    const delivery = `dispatch-${randomUUID()}`;
    await startWork(work, delivery, event);
    log.info({ delivery, repository, event: type }, 'dispatch accepted');
    logIgnored(log, delivery, event);
    return delivery;
  }

  function assertExists(repository: string): void {
    const isNamed = /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository);
    const isKnown =
      repositories.length === 0 || repositories.some((one) => one.toLowerCase() === repository.toLowerCase());
    if (!isNamed || !isKnown) throw refusal(404, 'Not Found');
  }
}
