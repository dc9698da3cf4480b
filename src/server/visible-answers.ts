import type { Context, Next } from 'hono';

import { visibleJson } from '../domain/visible-text.js';

/** Every answer is JSON: what requests and registries brought is escaped in it, and means the same to who reads it. */
export async function visibleAnswers(context: Context, next: Next): Promise<void> {
  await next();
  const { status, headers } = context.res;
  const text = await context.res.text();
  const answer = new Response(text === '' ? null : visibleJson(text), { status, headers });
  // A response that is there hands its headers on to the next one.
  context.res = undefined;
  context.res = answer;
}
