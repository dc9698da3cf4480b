import { createHash, timingSafeEqual } from 'node:crypto';

import type { MiddlewareHandler } from 'hono';

import { refusal } from './problems.js';
import type { RequestLimit } from './request-limit.js';

/**
 * Lets requests in that have one of the tokens, in any form in which GitHub takes it: `Authorization: Bearer …`,
 * `Authorization: token …`, or Basic as `curl -u user:TOKEN` sends it; each token as often as the limit says.
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

/** What a request shows as its token; undefined where it shows none. */
function tokenIn(header: string): string | undefined {
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

/** `user:TOKEN`; also `TOKEN:` and `TOKEN:x-oauth-basic`, which GitHub takes from older scripts. */
function passwordIn(userAndPassword: string): string | undefined {
  const colon = userAndPassword.indexOf(':');
  if (colon < 0) return undefined;
  const password = userAndPassword.slice(colon + 1);
  return password === '' || password === 'x-oauth-basic' ? userAndPassword.slice(0, colon) : password;
}

function reason(header: string, tokens: readonly string[]): string {
  if (tokens.length === 0) return 'this server knows no token: FERRY_API_TOKEN is not set';
  return header === ''
    ? 'a token is needed: Authorization: Bearer <FERRY_API_TOKEN>, or curl -u user:<FERRY_API_TOKEN>'
    : 'the token is not known';
}

/** Of one length whatever the token's, so that comparing takes the same time. */
function fingerprint(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Looks at all of them: how long it takes tells nothing of which one it was. */
function isAmong(candidate: Buffer, known: readonly Buffer[]): boolean {
  return known.map((one) => timingSafeEqual(one, candidate)).includes(true);
}
