import { Webhooks } from '@octokit/webhooks';
import { Hono } from 'hono';
import * as z from 'zod';

import type { ServerLog, ServerWork, Event } from './server-work.js';
import { logIgnored, startWork } from './server-work.js';
import { readEvent } from './event-types.js';
import { refusal } from './problems.js';
import { assertJsonType, checked, limitedBody, parseJson } from './request-body.js';
import type { RequestLimit } from './request-limit.js';

export interface WebhookOptions {
  /** Absent: no delivery is let in. */
  readonly secret?: string;
  /** A push to it asks for a sync. */
  readonly branch: string;
  /** `owner/name` of the repositories that count; empty: all that know the secret. */
  readonly repositories: readonly string[];
  /** Names of the configured upstreams: each can be requested. */
  readonly upstreams: readonly string[];
  readonly limit: RequestLimit;
  readonly work: ServerWork;
  readonly log: ServerLog;
}

/** GitHub's payloads hold much more; only what is read is looked at. */
const BlobUploadTask = z.object({ repository: z.object({ full_name: z.string().max(200) }).optional() });
const Push = z.object({ ref: z.string(), deleted: z.boolean().optional() });
const Dispatch = z.object({ action: z.string().nullable(), client_payload: z.unknown().optional() });

const deliveryId = /^[\w.:-]{1,128}$/;
const signatureForm = /^sha256=[0-9a-f]{64}$/;

/** `POST /webhooks/github`: GitHub's own deliveries, let in by their signature before anything is read from them. */
export function gitHubWebhooks({ secret, branch, repositories, upstreams, limit, work, log }: WebhookOptions): Hono {
  const webhooks = secret === undefined ? undefined : new Webhooks({ secret });
  return new Hono().post('/webhooks/github', limitedBody(), async (context) => {
    assertJsonType(context);
    const body = await context.req.text();
    await assertSigned(body, context.req.header('x-hub-signature-256'));
    await limit.count('github');

    const id = context.req.header('x-github-delivery') ?? '';
    const name = context.req.header('x-github-event') ?? '';
    if (!deliveryId.test(id)) throw refusal(400, 'the header X-GitHub-Delivery is missing or holds no ID');
    if (!/^\w{1,64}$/.test(name)) throw refusal(400, 'the header X-GitHub-Event is missing or holds no event');
    const payload = parseJson(body);
    const repository = checked(BlobUploadTask, payload).repository?.full_name;
    if (name === 'ping') {
      log.info({ delivery: id, repository }, 'GitHub has found the bridge');
      return context.json({ delivery: id, pong: true });
    }

    const event = isCounted(repository) ? readDelivery(name, payload, repository ?? 'GitHub') : undefined;
    if (event === undefined) {
      log.info({ delivery: id, event: name, repository }, 'delivery ignored');
      return context.json({ delivery: id, ignored: true }, 202);
    }
    await startWork(work, id, event);
    log.info({ delivery: id, event: name, repository, asked: event.kind }, 'delivery accepted');
    logIgnored(log, id, event);
    return context.json({ delivery: id, accepted: event.kind }, 202);
  });

  async function assertSigned(body: string, signature: string | undefined): Promise<void> {
    if (webhooks === undefined) throw refusal(401, 'this server takes no deliveries: FERRY_WEBHOOK_SECRET is not set');
    if (signature === undefined)
      throw refusal(401, 'the header X-Hub-Signature-256 is missing: set the secret at GitHub');
    // The library throws at what cannot be a signature, and at an empty body.
    const isSigned = body !== '' && signatureForm.test(signature) && (await webhooks.verify(body, signature));
    if (!isSigned) throw refusal(401, 'the signature does not belong to this body and secret');
  }

  function isCounted(repository: string | undefined): boolean {
    if (repositories.length === 0) return true;
    return repositories.some((known) => known.toLowerCase() === repository?.toLowerCase());
  }

  function readDelivery(name: string, payload: unknown, repository: string): Event | undefined {
    if (name === 'push') {
      const { ref, deleted = false } = checked(Push, payload);
      const isBranch = ref === `refs/heads/${branch}` && !deleted;
      return isBranch ? { kind: 'sync', reason: `push to ${branch} of ${repository}` } : undefined;
    }
    if (name !== 'repository_dispatch') return undefined;
    const { action, client_payload: sent } = checked(Dispatch, payload);
    if (action === null) return undefined;
    return readEvent({ type: action, payload: sent, sender: `webhook of ${repository}` }, upstreams);
  }
}
