import { createHash } from 'node:crypto';

import type { Context, Next } from 'hono';

import { visibleJson } from '../domain/visible-text.js';

/**
 * In JSON, control characters of requests and registries are escaped, which does not change its meaning. Attachments are
 * streamed, and escaped by their routes. What was read has an ETag: a client that has the same answer already gets 304,
 * which saves its bytes on a slow line.
 */
export async function visibleAnswers(context: Context, next: Next): Promise<void> {
  await next();
  const { status, headers } = context.res;
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/.test(headers.get('content-type') ?? '');
  if (!isJson || headers.has('content-disposition')) return;
  const text = await context.res.text();
  const visible = text === '' ? null : visibleJson(text);
  const answer =
    context.req.method === 'GET' && status === 200 && visible !== null
      ? unlessKnown(visible, headers, context.req.header('if-none-match'))
      : new Response(visible, { status, headers });
  // An existing response would pass its headers on to the next one.
  context.res = undefined;
  context.res = answer;
}

function unlessKnown(text: string, headers: Headers, known = ''): Response {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  headers.set('etag', etag);
  // Caches of others keep nothing, and the browser's own asks each time.
  headers.set('cache-control', 'private, no-cache');
  headers.append('vary', 'authorization, cookie');
  // A proxy that compresses makes the tag a weak one.
  const isKnown = known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  if (!isKnown) return new Response(text, { status: 200, headers });
  headers.delete('content-type');
  headers.delete('content-length');
  return new Response(null, { status: 304, headers });
}
