import { excerpt } from '@image-ferry/registry/reference';
import type { Context, MiddlewareHandler } from 'hono';
import type * as z from 'zod';

import { invalidRequest } from './open-api-app.js';
import { refusal } from './problems.js';

const largestBody = 1024 * 1024;
/** A sender that exceeds this size or time may not receive the reason: the connection is closed. */
const largestDiscarded = 64 * 1024 * 1024;
const longestDiscardedMs = 10_000;

/**
 * Rejects bodies over 1 MB. The excess is still received and discarded: a sender that reads nothing until it has sent
 * everything would otherwise only see a broken connection.
 */
export function limitedBody(): MiddlewareHandler {
  return async (context, next) => {
    const { raw } = context.req;
    if (Number(raw.headers.get('content-length') ?? 0) > largestDiscarded) throw tooLong({ connection: 'close' });
    if (raw.body !== null) context.req.raw = new Request(raw, { method: raw.method, body: await receive(raw.body) });
    await next();
  };
}

/** @throws HTTPException 413 for a body longer than {@link largestBody} */
async function receive(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const givenUpAt = performance.now() + longestDiscardedMs;
  // No `for await`: leaving it early would close the connection before the response is sent.
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length <= largestBody) pieces.push(read.value);
    else pieces.length = 0;
    const isTooMuch = length > largestDiscarded || (length > largestBody && performance.now() > givenUpAt);
    if (isTooMuch) throw tooLong({ connection: 'close' });
  }
  if (length <= largestBody) return Buffer.concat(pieces);
  throw tooLong();
}

function tooLong(headers: Readonly<Record<string, string>> = {}): Error {
  return refusal(413, `the body is longer than ${largestBody} bytes`, headers);
}

/** Accepts only JSON with its content type, which a web page cannot send without a preflight request. */
export function assertJsonType(context: Context): void {
  assertPlain(context);
  const type = mediaType(context);
  if (/^application\/(?:[\w.+-]+\+)?json$/.test(type)) return;
  throw refusal(415, `the content type is "${type.slice(0, 80)}", expected application/json`);
}

/** As in GitHub's API: also accepts JSON that curl declares as a form, and JSON without a content type. */
export function assertJsonTypeAsGitHub(context: Context): void {
  assertPlain(context);
  const type = mediaType(context);
  if (type !== '' && type !== 'application/x-www-form-urlencoded') assertJsonType(context);
}

/** @throws HTTPException 400 for invalid JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refusal(400, 'Problems parsing JSON');
  }
}

/** @throws HTTPException 422 with the field that is wrong */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error);
}

/**
 * Reads a body as JSON before its schema is looked at: what the sender called it is judged by `assertType`, and
 * `application/json` from then on.
 */
export function jsonBody(assertType: (context: Context) => void): MiddlewareHandler {
  return async (context, next) => {
    assertType(context);
    const text = await context.req.text();
    parseJson(text);
    const { raw } = context.req;
    const headers = new Headers(raw.headers);
    headers.set('content-type', 'application/json');
    context.req.raw = new Request(raw.url, { method: raw.method, headers, body: text });
    await next();
  };
}

/** A compressed or differently encoded body would otherwise be reported as invalid JSON. */
function assertPlain(context: Context): void {
  const coding = context.req.header('content-encoding') ?? 'identity';
  if (coding.toLowerCase() !== 'identity') {
    throw refusal(415, `the body is compressed (Content-Encoding: ${excerpt(coding)}): send it uncompressed`);
  }
  const [, charset = 'utf-8'] = /;\s*charset="?([^";\s]+)/i.exec(context.req.header('content-type') ?? '') ?? [];
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw refusal(415, `the body is in ${excerpt(charset)}, expected UTF-8`);
  }
}

function mediaType(context: Context): string {
  return (context.req.header('content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
}
