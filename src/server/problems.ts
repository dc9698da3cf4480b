import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';

import { FerryError, InvalidInput } from '../domain/ferry-error.js';
import type { ServerLog } from './server-work.js';

/** The response to a request that starts nothing. */
interface Refusal {
  readonly status: ProblemStatus;
  readonly title: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;
type ProblemStatus = keyof typeof titles;

/** GitHub marks the delivery as failed; other senders retry after this. */
const retryAfterSeconds = 10;

/** A refusal with a message for the sender. It can be thrown anywhere and is converted by {@link answerProblem}. */
export function refusal(
  status: ProblemStatus,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): HTTPException {
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

/** The same in the format of GitHub's API, which its clients read. */
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
    // Details such as addresses are only for the operator.
    if (error.code !== 'temporal') return said(500, 'the request could not be handled; see the log of the server');
    return said(503, 'Temporal did not accept the request; send it again later', {
      'retry-after': String(retryAfterSeconds),
    });
  }
  // The sender disconnected or timed out: not an error of the server, and no one reads this response.
  if (isCutOff(error)) return said(400, 'the request was cut off');
  log.error({ reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'bug in the server');
  return said(500, 'the request could not be handled; see the log of the server');
}

function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function said(status: ProblemStatus, detail: string, headers: Refusal['headers'] = {}): Refusal {
  return { status, title: titles[status], detail, headers };
}

function statusOf({ status }: HTTPException): ProblemStatus {
  return status in titles ? (status as ProblemStatus) : 500;
}

function headersOf({ cause }: HTTPException): Refusal['headers'] {
  return typeof cause === 'object' && cause !== null && 'headers' in cause ? (cause.headers as Refusal['headers']) : {};
}
