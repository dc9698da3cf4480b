import type { Context, Next } from 'hono';

import { visibleJson } from '../domain/visible-text.js';

/**
 * In JSON, control characters of requests and registries are escaped, which does not change its meaning. Attachments are
 * streamed, and escaped by their routes.
 */
export async function visibleAnswers(context: Context, next: Next): Promise<void> {
  await next();
  const { status, headers } = context.res;
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/.test(headers.get('content-type') ?? '');
  if (!isJson || headers.has('content-disposition')) return;
  const text = await context.res.text();
  const answer = new Response(text === '' ? null : visibleJson(text), { status, headers });
  // An existing response would pass its headers on to the next one.
  context.res = undefined;
  context.res = answer;
}
