import { createHmac } from 'node:crypto';

import { runFerry } from '../../demo/ferry-process.js';
import type { PlannedRequest, Way } from '../plan/plan-requests.js';
import { connectToDatabase } from '../stage/database-connection.js';
import { apiToken, webhookSecret } from '../stage/environment.js';
import type { ChaosStage } from '../stage/stage.js';

export interface RequestTry {
  readonly stage: ChaosStage;
  readonly request: PlannedRequest;
  /** `host/repository:tag` of each image. */
  readonly references: readonly string[];
  /** The same for each try of one request, as GitHub's _Redeliver_ does it. */
  readonly id: string;
  readonly signal: AbortSignal;
}

/** `accepted`, or why it was not. A refusal is final, because nothing here is to be refused. */
export type RequestOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

const timeoutMs = 45_000;
/** A command waits for workers, and they may all be down for a while. */
const commandTimeoutMs = 120_000;

/** Requests images once. An answer that was lost counts as a failure, although the ferry may have the request. */
export async function tryRequest(attempt: RequestTry): Promise<RequestOutcome> {
  try {
    return await tries[attempt.request.way](attempt);
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

const tries: Readonly<Record<Way, (attempt: RequestTry) => Promise<RequestOutcome>>> = {
  async cli({ stage, request, references }) {
    const args = ['add', '--platform', request.platforms, ...references];
    const { status, output, errors } = await runFerry(args, stage.environment, undefined, commandTimeoutMs);
    if (status === 0) return { kind: 'accepted' };
    const ended = status === null ? `killed after ${commandTimeoutMs / 1000} s` : `status ${status}`;
    const reason = `${ended}: ${(errors || output).trim().split('\n').at(-1)}`;
    return { kind: output.includes('refused') ? 'refused' : 'failed', reason };
  },

  async api({ stage, request, references, id, signal }) {
    const body = JSON.stringify({ images: references, platforms: request.platforms });
    const headers = { authorization: `Bearer ${apiToken}`, 'idempotency-key': id };
    const { status, text } = await post(stage, '/api/images', { body, headers, signal });
    if (status === 200 && text.includes('"outcome":"refused"')) return { kind: 'refused', reason: text };
    return outcomeOf(status, text);
  },

  async webhook({ stage, request, references, id, signal }) {
    const body = JSON.stringify({
      action: 'add-image',
      repository: { full_name: 'team/images' },
      client_payload: { images: references, platforms: request.platforms },
    });
    const headers = {
      'x-github-event': 'repository_dispatch',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
    };
    const { status, text } = await post(stage, '/webhooks/github', { body, headers, signal });
    return outcomeOf(status, text);
  },

  async sql({ stage, request, references }) {
    const rows = references.flatMap((reference) => request.platforms.split(',').map((one) => rowOf(reference, one)));
    const connection = await connectToDatabase(stage.database, { connectTimeout: 5_000 });
    try {
      // One transaction: all of them are committed, or none.
      await connection.query(
        {
          sql: 'insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status, add_time) values ?',
          timeout: timeoutMs,
        },
        [rows],
      );
      return { kind: 'accepted' };
    } finally {
      connection.destroy();
    }
  },
};

/** As the older scripts wrote them. */
function rowOf(reference: string, platform: string): readonly unknown[] {
  const [host, namespace, ...rest] = reference.split('/');
  return [host, namespace, rest.join('/'), platform, 0, new Date().toISOString().slice(0, 19).replace('T', ' ')];
}

async function post(
  stage: ChaosStage,
  path: string,
  {
    body,
    headers,
    signal,
  }: { readonly body: string; readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`http://${stage.lines.server.host}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  return { status: answer.status, text: await answer.text() };
}

function outcomeOf(status: number, text: string): RequestOutcome {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  const reason = `${status} ${text.slice(0, 300)}`;
  // 408: the server or its line was stopped while the request was on its way.
  const isTemporary = status >= 500 || status === 429 || status === 408;
  return { kind: isTemporary ? 'failed' : 'refused', reason };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
