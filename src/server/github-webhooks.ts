import { createRoute, z } from '@hono/zod-openapi';
import { Webhooks } from '@octokit/webhooks';
import type { Context, Next } from 'hono';

import { printRunCause } from '../domain/run-cause.js';
import { json, problems } from './answer-schemas.js';
import { readEvent } from './event-types.js';
import { openApiApp } from './open-api-app.js';
import { refusal } from './problems.js';
import { noteRequest } from './received-requests.js';
import { assertJsonType, checked, jsonBody, limitedBody } from './request-body.js';
import type { RequestLimit } from './request-limit.js';
import { logIgnored, startWork } from './server-work.js';
import type { ServerLog, ServerWork, Event } from './server-work.js';

export interface WebhookOptions {
  /** Absent: all deliveries are rejected. */
  readonly secret?: string | undefined;
  /** A push to this branch requests a sync run. */
  readonly branch: string;
  /** `owner/name` of the accepted repositories; empty: every repository that knows the secret. */
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: a request can check any of them. */
  readonly upstreams: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

/** GitHub's payloads contain much more; only the fields that are used are validated. */
const Delivery = z
  .looseObject({ repository: z.looseObject({ full_name: z.string().max(200) }).optional() })
  .openapi('GitHubDelivery');
const Push = z.object({ ref: z.string(), deleted: z.boolean().optional() });
const Dispatch = z.object({ action: z.string().nullable(), client_payload: z.unknown().optional() });

const deliveryId = /^[\w.:-]{1,128}$/;
const signatureForm = /^sha256=[0-9a-f]{64}$/;

const Answered = z
  .union([
    z.object({ delivery: z.string(), accepted: z.enum(['sync', 'add-image', 'fetch']) }),
    z.object({ delivery: z.string(), ignored: z.literal(true) }),
  ])
  .openapi('DeliveryAnswer');
const Pong = z.object({ delivery: z.string(), pong: z.literal(true) }).openapi('Pong');

const postDelivery = createRoute({
  method: 'post',
  path: '/webhooks/github',
  summary: "GitHub's webhooks, signed with FERRY_WEBHOOK_SECRET",
  request: {
    headers: z.object({
      'x-hub-signature-256': z.string().openapi({ description: 'sha256= and the HMAC of the body' }),
      'x-github-delivery': z.string(),
      'x-github-event': z.string(),
    }),
    body: { required: true, ...json(Delivery, "GitHub's payload of the event") },
  },
  responses: {
    200: json(Pong, 'Answer to a ping.'),
    202: json(Answered, 'Temporal has the work, or the event means nothing here.'),
    ...problems(400, 401, 413, 415, 422, 429, 500, 503),
  },
});

/** `POST /webhooks/github`: GitHub's deliveries. The signature is verified before anything else is read. */
export function gitHubWebhooks({ secret, branch, repositories, upstreams, limit, work, log }: WebhookOptions) {
  const webhooks = secret === undefined ? undefined : new Webhooks({ secret });
  const middleware = [limitedBody(), authenticated, jsonBody(assertJsonType)];
  return openApiApp().openapi({ ...postDelivery, middleware }, async (context) => {
    const { 'x-github-delivery': id, 'x-github-event': name } = context.req.valid('header');
    const payload = context.req.valid('json');
    const repository = payload.repository?.full_name;
    noteRequest(context, { repository });
    if (name === 'ping') {
      noteRequest(context, { outcome: 'ignored', reason: 'a ping' });
      log.info({ delivery: id, repository }, 'received a ping from GitHub');
      return context.json({ delivery: id, pong: true as const }, 200);
    }

    const event = isCounted(repository) ? readDelivery(name, payload, repository ?? 'GitHub') : undefined;
    if (event === undefined) {
      noteRequest(context, { outcome: 'ignored', reason: 'this event means nothing here' });
      log.info({ delivery: id, event: name, repository }, 'delivery ignored');
      return context.json({ delivery: id, ignored: true as const }, 202);
    }
    await startWork(work, id, event);
    log.info({ delivery: id, event: name, repository, requested: event.kind }, 'delivery accepted');
    logIgnored(log, id, event);
    return context.json({ delivery: id, accepted: event.kind }, 202);
  });

  async function authenticated(context: Context, next: Next): Promise<void> {
    assertJsonType(context);
    await assertSigned(await context.req.text(), context.req.header('x-hub-signature-256'));
    await limit.count('github');
    const id = context.req.header('x-github-delivery') ?? '';
    const name = context.req.header('x-github-event') ?? '';
    if (!deliveryId.test(id)) throw refusal(400, 'the header X-GitHub-Delivery is missing or invalid');
    if (!/^\w{1,64}$/.test(name)) throw refusal(400, 'the header X-GitHub-Event is missing or invalid');
    noteRequest(context, { delivery: id, event: name });
    await next();
  }

  async function assertSigned(body: string, signature: string | undefined): Promise<void> {
    if (webhooks === undefined)
      throw refusal(401, 'this server accepts no deliveries: FERRY_WEBHOOK_SECRET is not set');
    if (signature === undefined)
      throw refusal(401, 'the header X-Hub-Signature-256 is missing: set the secret in the webhook settings of GitHub');
    // The library throws for an invalid signature and for an empty body.
    const isSigned = body !== '' && signatureForm.test(signature) && (await webhooks.verify(body, signature));
    if (!isSigned) throw refusal(401, 'the signature does not match the body and the secret');
  }

  function isCounted(repository: string | undefined): boolean {
    if (repositories.length === 0) return true;
    return repositories.some((known) => known.toLowerCase() === repository?.toLowerCase());
  }

  function readDelivery(name: string, payload: unknown, repository: string): Event | undefined {
    if (name === 'push') {
      const { ref, deleted = false } = checked(Push, payload);
      const isBranch = ref === `refs/heads/${branch}` && !deleted;
      return isBranch ? { kind: 'sync', reason: printRunCause('push', { branch, repository }) } : undefined;
    }
    if (name !== 'repository_dispatch') return undefined;
    const { action, client_payload: sent } = checked(Dispatch, payload);
    if (action === null) return undefined;
    return readEvent({ type: action, payload: sent, sender: `webhook of ${repository}` }, upstreams);
  }
}
