import { randomUUID } from 'node:crypto';

import type { Context } from 'hono';
import { Hono } from 'hono';
import * as z from 'zod';

import type { ServerLog, ServerWork, Event } from './server-work.js';
import { logIgnored, startWork } from './server-work.js';
import { eventTypes, readEvent } from './event-types.js';
import { answerAsGitHub, refusal } from './problems.js';
import { assertJsonTypeAsGitHub, checked, limitedBody, parseJson } from './request-body.js';
import type { RequestLimit } from './request-limit.js';
import { tokenGate } from './token-gate.js';
import { eventOfWorkflowFile } from './workflow-files.js';

export interface DispatchOptions {
  readonly tokens: readonly string[];
  /** `owner/name` of the repositories that exist here; empty: every one. */
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: each can be requested. */
  readonly upstreams: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

const RepositoryDispatch = z.strictObject({
  event_type: z.string().min(1).max(100),
  client_payload: z.unknown().optional(),
});
const WorkflowDispatch = z.strictObject({
  // A ferry has no branches; GitHub's clients always name one.
  ref: z.string().min(1),
  inputs: z.record(z.string(), z.unknown()).optional(),
  return_run_details: z.literal(false).optional(),
});

/** The two requests of GitHub's API by which workflows are started there: callers change only the base URL. */
export function gitHubDispatches({ tokens, repositories, upstreams, limit, work, log }: DispatchOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => answerAsGitHub(error, context, log));
  app.use('/repos/:owner/:repo/*', tokenGate(tokens, limit), limitedBody());

  app.post('/repos/:owner/:repo/dispatches', async (context) => {
    const repository = existing(context.req.param('owner'), context.req.param('repo'));
    const { event_type: type, client_payload: payload } = checked(RepositoryDispatch, await jsonOf(context));
    return await start(context, { event: read(type, payload, repository), type, repository });
  });

  app.post('/repos/:owner/:repo/actions/workflows/:id/dispatches', async (context) => {
    const repository = existing(context.req.param('owner'), context.req.param('repo'));
    const type = eventOfWorkflowFile(context.req.param('id'), upstreams);
    if (type === undefined) {
      throw refusal(404, `Not Found: no workflow of this server has such a file name, known are ${known()}`);
    }
    const { inputs } = checked(WorkflowDispatch, await jsonOf(context));
    const event = read(type, inputs, repository);
    if (event.ignored !== undefined) {
      throw refusal(422, `Unexpected inputs provided: ${JSON.stringify(event.ignored)}`);
    }
    return await start(context, { event, type, repository });
  });
  return app;

  function read(type: string, payload: unknown, repository: string): Event {
    const event = readEvent({ type, payload, sender: `dispatch to ${repository}` }, upstreams);
    if (event !== undefined) return event;
    throw refusal(422, `Invalid request: event_type is "${type}", known are ${known()}`);
  }

  function known(): string {
    return eventTypes(upstreams).join(', ');
  }

  async function start(
    context: Context,
    { event, type, repository }: { event: Event; type: string; repository: string },
  ): Promise<Response> {
    const delivery = `dispatch-${randomUUID()}`;
    await startWork(work, delivery, event);
    log.info({ delivery, repository, event: type }, 'dispatch accepted');
    logIgnored(log, delivery, event);
    return context.body(null, 204, { 'x-github-delivery': delivery });
  }

  function existing(owner: string, name: string): string {
    const repository = `${owner}/${name}`;
    const isNamed = /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository);
    const isKnown =
      repositories.length === 0 || repositories.some((one) => one.toLowerCase() === repository.toLowerCase());
    if (!isNamed || !isKnown) throw refusal(404, 'Not Found');
    return repository;
  }
}

async function jsonOf(context: Context): Promise<unknown> {
  assertJsonTypeAsGitHub(context);
  return parseJson(await context.req.text());
}
