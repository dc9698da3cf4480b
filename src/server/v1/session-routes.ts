import { timingSafeEqual } from 'node:crypto';

import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';

import { json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import type { RequestLimit } from '../request-limit.js';
import type { ServerLog } from '../server-work.js';
import { fingerprint } from '../token-gate.js';
import type { Caller } from './caller.js';
import type { OidcSignIn } from './oidc-sign-in.js';
import { Session, SignIn, SignInNeeded } from './session-schemas.js';
import type { Sessions } from './sessions.js';

export interface SessionRoutesOptions {
  readonly sessions: Sessions;
  readonly ways: readonly Caller['way'][];
  readonly callerOfToken: (token: string) => Caller | undefined;
  /** Valid once; absent: there is no link to sign in. */
  readonly linkToken?: string | undefined;
  readonly onLinkUsed?: (() => void) | undefined;
  /** Limit of failed sign-ins of one sender. */
  readonly failures: RequestLimit;
  readonly assertOwnPage: (context: Context) => void;
  /** Where the console is: `/` or `/ferry/`. */
  readonly consolePath: string;
  /** Absent: it is not configured. */
  readonly oidc?: OidcSignIn | undefined;
  readonly log: ServerLog;
}

const getSession = createRoute({
  method: 'get',
  path: '/session',
  summary: 'Who is signed in',
  responses: {
    200: json(Session, 'The caller.'),
    401: json(SignInNeeded, 'The browser is not signed in.'),
    ...problems(429, 500, 503),
  },
});

const postSession = createRoute({
  method: 'post',
  path: '/session',
  summary: 'Signs in with FERRY_API_TOKEN or FERRY_VIEW_TOKEN',
  request: { body: { required: true, ...json(SignIn, 'the token') } },
  responses: { 200: json(Session, 'A cookie holds the session.'), ...problems(400, 401, 403, 413, 415, 422, 429, 500) },
});

const getLink = createRoute({
  method: 'get',
  path: '/session/link',
  summary: 'Signs in by the link that "ferry up" prints, once',
  request: { query: z.object({ token: z.string().max(200) }) },
  responses: { 303: { description: 'To the console; a cookie holds the session.' }, ...problems(401, 422, 429, 500) },
});

const getOidc = createRoute({
  method: 'get',
  path: '/session/oidc',
  summary: 'Signs in by OpenID Connect',
  responses: { 303: { description: "To the provider's page." }, ...problems(404, 500) },
});

const getCallback = createRoute({
  method: 'get',
  path: '/session/oidc/callback',
  summary: 'Where the provider of OpenID Connect sends a browser back to',
  responses: {
    303: {
      description: 'To the console, where a cookie holds the session, or to its page to sign in, with the fault.',
    },
    ...problems(404, 500),
  },
});

const deleteSession = createRoute({
  method: 'delete',
  path: '/session',
  summary: 'Signs out',
  responses: {
    204: { description: 'The session has ended: its cookie is deleted, and refused from now on.' },
    ...problems(403, 500, 503),
  },
});

/** Routes by which people sign in and out. */
export function sessionRoutes(options: SessionRoutesOptions) {
  const { sessions, ways, callerOfToken, failures, assertOwnPage, consolePath, oidc, log } = options;
  let linkToken = options.linkToken;
  const middleware = [limitedBody(), jsonBody(assertJsonType)];
  return openApiApp()
    .openapi(getSession, async (context) => {
      const caller = await sessions.read(context);
      if (caller !== undefined) return context.json(caller, 200);
      return context.json({ ways, detail: 'sign in' }, 401);
    })
    .openapi({ ...postSession, middleware }, async (context) => {
      assertOwnPage(context);
      const sender = senderOf(context);
      await failures.assertBelow(sender);
      const { token } = context.req.valid('json');
      const caller = callerOfToken(token);
      if (caller === undefined) {
        await failures.count(sender);
        log.warn({ sender }, 'sign-in refused: unknown token');
        throw refusal(401, 'unknown token');
      }
      await sessions.begin(context, caller, token);
      log.info({ role: caller.role, way: caller.way }, 'signed in');
      return context.json(caller, 200);
    })
    .openapi(getLink, async (context) => {
      const { token } = context.req.valid('query');
      // A bookmark of the link, or a second click.
      if ((await sessions.read(context)) !== undefined) return context.redirect(consolePath, 303);
      const sender = senderOf(context);
      await failures.assertBelow(sender);
      if (linkToken === undefined || !timingSafeEqual(fingerprint(token), fingerprint(linkToken))) {
        await failures.count(sender);
        throw refusal(401, 'this link is not valid, or was used: restart "ferry up" for a new one');
      }
      linkToken = undefined;
      options.onLinkUsed?.();
      const caller: Caller = { role: 'operator', name: 'local user', way: 'link' };
      await sessions.begin(context, caller);
      log.info({ role: caller.role, way: caller.way }, 'signed in');
      context.header('referrer-policy', 'no-referrer');
      return context.redirect(consolePath, 303);
    })
    .openapi(getOidc, async (context) => {
      if (oidc === undefined) throw refusal(404, 'FERRY_OIDC_ISSUER is not set');
      const begun = await oidc.begin(context);
      return context.redirect(begun instanceof URL ? begun.href : faultPage(begun), 303);
    })
    .openapi(getCallback, async (context) => {
      if (oidc === undefined) throw refusal(404, 'FERRY_OIDC_ISSUER is not set');
      const caller = await oidc.finish(context);
      if (typeof caller === 'string') return context.redirect(faultPage(caller), 303);
      await sessions.begin(context, caller);
      log.info({ role: caller.role, way: caller.way, name: caller.name }, 'signed in');
      return context.redirect(consolePath, 303);
    })
    .openapi(deleteSession, async (context) => {
      assertOwnPage(context);
      await sessions.end(context);
      return context.body(null, 204);
    });

  function faultPage(fault: string): string {
    return `${consolePath}sign-in?fault=${fault}`;
  }
}

/** The address that a request came from: of a proxy, if there is one. */
function senderOf(context: Context): string {
  const env = context.env as
    { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? 'unknown';
}
