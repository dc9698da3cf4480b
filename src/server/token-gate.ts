import { createHash, timingSafeEqual } from 'node:crypto';

import type { MiddlewareHandler } from 'hono';

import { refusal } from './problems.js';
import type { RequestLimit } from './request-limit.js';

/**
 * Accepts requests with one of the tokens, in any form that GitHub accepts: `Authorization: Bearer …`, `Authorization:
 * token …`, or Basic as in `curl -u user:TOKEN`. The rate limit applies to each token.
 */
export function tokenGate(tokens: readonly string[], limit: RequestLimit): MiddlewareHandler {
  const known = tokens.map(fingerprint);
  return async (context, next) => {
    const header = context.req.header('authorization') ?? '';
    const token = tokenIn(header);
    if (token === undefined || !isAmong(fingerprint(token), known)) {
      throw refusal(401, reason(header, tokens), { 'www-authenticate': 'Bearer realm="image-ferry"' });
    }
    await limit.count(fingerprint(token).toString('hex').slice(0, 16));
    await next();
  };
}

/** The token of a request; undefined if it has none. */
export function tokenIn(header: string): string | undefined {
  const [, scheme = '', credentials = ''] = /^([a-z]+) +(\S+) *$/i.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token':
      return credentials;
    case 'basic':
      return passwordIn(Buffer.from(credentials, 'base64').toString('utf8'));
    default:
      return undefined;
  }
}

/** `user:TOKEN`; also `TOKEN:` and `TOKEN:x-oauth-basic`, which GitHub accepts from older scripts. */
function passwordIn(userAndPassword: string): string | undefined {
  const colon = userAndPassword.indexOf(':');
  if (colon < 0) return undefined;
  const password = userAndPassword.slice(colon + 1);
  return password === '' || password === 'x-oauth-basic' ? userAndPassword.slice(0, colon) : password;
}

function reason(header: string, tokens: readonly string[]): string {
  if (tokens.length === 0) return 'this server accepts no tokens: FERRY_API_TOKEN is not set';
  return header === ''
    ? 'a token is required: Authorization: Bearer <FERRY_API_TOKEN>, or curl -u user:<FERRY_API_TOKEN>'
    : 'unknown token';
}

/** A hash of fixed length, so that the comparison takes the same time for any token. */
export function fingerprint(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Compares with all tokens, so that the duration does not reveal which one matched. */
export function isAmong(candidate: Buffer, known: readonly Buffer[]): boolean {
  return known.map((one) => timingSafeEqual(one, candidate)).includes(true);
}
