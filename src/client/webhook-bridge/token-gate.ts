import { createHash, timingSafeEqual } from 'node:crypto';

import type { MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';

import { refusal } from './problems.js';
import type { RequestLimit } from './request-limit.js';

/**
 * Lets requests in that have one of the tokens, as `Authorization: Bearer …` or, as GitHub's clients write it,
 * `Authorization: token …`; each token as often as the limit says.
 */
export function tokenGate(tokens: readonly string[], limit: RequestLimit): MiddlewareHandler {
  const known = tokens.map(fingerprint);
  const verifyToken = (token: string): boolean => isAmong(fingerprint(token), known);
  const schemes = {
    bearer: bearerAuth({ prefix: 'Bearer', verifyToken }),
    token: bearerAuth({ prefix: 'token', verifyToken }),
  };
  return async (context, next) => {
    const header = context.req.header('authorization') ?? '';
    const scheme = /^token /i.test(header) ? schemes.token : schemes.bearer;
    try {
      await scheme(context, async () => undefined);
    } catch (error) {
      if (!(error instanceof HTTPException)) throw error;
      throw refusal(401, reason(header, tokens), { 'www-authenticate': 'Bearer realm="image-ferry"' });
    }
    const token = header.slice(header.indexOf(' ')).trim();
    await limit.count(fingerprint(token).toString('hex').slice(0, 16));
    await next();
  };
}

function reason(header: string, tokens: readonly string[]): string {
  if (tokens.length === 0) return 'this server knows no token: FERRY_API_TOKEN is not set';
  return header === '' ? 'a token is needed: Authorization: Bearer <FERRY_API_TOKEN>' : 'the token is not known';
}

/** Of one length whatever the token's, so that comparing takes the same time. */
function fingerprint(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Looks at all of them: how long it takes tells nothing of which one it was. */
function isAmong(candidate: Buffer, known: readonly Buffer[]): boolean {
  return known.map((one) => timingSafeEqual(one, candidate)).includes(true);
}
