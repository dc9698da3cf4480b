import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';

import { FerryError, InvalidInput } from '../domain/ferry-error.js';
import type { ServerLog } from './server-work.js';

/** What a request is answered that starts nothing. */
interface Refusal {
  readonly status: Status;
  readonly title: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;
type Status = keyof typeof titles;

/** GitHub marks a delivery as failed; the sender comes back after this. */
const retryAfterSeconds = 10;

/** A refusal with a sentence for the sender; thrown anywhere, answered by {@link answerProblem}. */
export function refusal(status: Status, detail: string, headers: Readonly<Record<string, string>> = {}): HTTPException {
  return new HTTPException(status, { message: detail, cause: { headers } });
}

/** A JSON problem (RFC 9457). */
export function answerProblem(error: unknown, context: Context, log: ServerLog): Response {
  const { status, title, detail, headers } = understood(error, log);
  return context.body(JSON.stringify({ type: 'about:blank', title, status, detail }), status, {
    ...headers,
    'content-type': 'application/problem+json',
  });
}

/** The same in the shape that GitHub's API has, which its clients read. */
export function answerAsGitHub(error: unknown, context: Context, log: ServerLog): Response {
  const { status, title, detail, headers } = understood(error, log);
  const message = status === 401 ? 'Bad credentials' : detail;
  return context.json({ message, status: String(status), title, detail }, status, headers);
}

function understood(error: unknown, log: ServerLog): Refusal {
  if (error instanceof HTTPException) return said(statusOf(error), error.message, headersOf(error));
  if (error instanceof InvalidInput) return said(422, error.message);
  if (error instanceof FerryError) {
    log.error({ code: error.code, reason: error.message }, 'request not handled');
    // What stands behind it, addresses and the like, is the operator's business.
    if (error.code !== 'temporal') return said(500, 'the request could not be handled: the log says why');
    return said(503, 'Temporal did not take the request; nothing was lost, send it again later', {
      'retry-after': String(retryAfterSeconds),
    });
  }
  // Senders go away, and who dawdles is sent away: no fault of the bridge, and nobody reads this answer.
  if (isCutOff(error)) return said(400, 'the request broke off before its end');
  log.error({ reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'bug in the bridge');
  return said(500, 'the request could not be handled: the log says why');
}

function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function said(status: Status, detail: string, headers: Refusal['headers'] = {}): Refusal {
  return { status, title: titles[status], detail, headers };
}

function statusOf({ status }: HTTPException): Status {
  return status in titles ? (status as Status) : 500;
}

function headersOf({ cause }: HTTPException): Refusal['headers'] {
  return typeof cause === 'object' && cause !== null && 'headers' in cause ? (cause.headers as Refusal['headers']) : {};
}
