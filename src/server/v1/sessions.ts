import { createHmac } from 'node:crypto';

import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import * as z from 'zod';

import type { Caller } from './caller.js';
import { printUrlJson, readUrlJson } from './url-json.js';

/** Sessions of browsers, each in a signed cookie: they survive a restart of the server, which stores none. */
export interface Sessions {
  read(context: Context): Promise<Caller | undefined>;
  begin(context: Context, caller: Caller, credential?: string): Promise<void>;
  end(context: Context): void;
}

export interface SessionsOptions {
  /** Signs the cookies. */
  readonly secret: string;
  /** Path that the cookie is sent to: `/` or `/ferry`. */
  readonly path: string;
  /** Browsers reach the server by HTTPS. */
  readonly isSecure: boolean;
  /** Ways to sign in that are configured now; sessions of others have ended. */
  readonly ways: readonly Caller['way'][];
  /** Tokens that are valid now: a session ends when its token is taken away. */
  readonly tokens: readonly string[];
}

const cookieName = 'ferry-session';
/** An identity provider is asked again after a working day. */
const lifetimesMs = { token: 30 * 86_400_000, link: 30 * 86_400_000, oidc: 12 * 3_600_000 } as const;

const Content = z.object({
  role: z.enum(['reader', 'operator']),
  name: z.string(),
  way: z.enum(['token', 'link', 'oidc']),
  until: z.int(),
  token: z.string().optional(),
});

export function createSessions({ secret, path, isSecure, ways, tokens }: SessionsOptions): Sessions {
  const valid = new Set(tokens.map(mark));
  return {
    async read(context) {
      const value = await getSignedCookie(context, secret, cookieName);
      const content = Content.safeParse(readUrlJson(value || ''));
      if (!content.success) return undefined;
      const { until, token, ...caller } = content.data;
      const isValid = caller.way === 'token' ? token !== undefined && valid.has(token) : ways.includes(caller.way);
      return isValid && until > Date.now() ? caller : undefined;
    },
    async begin(context, caller, credential) {
      const lifetimeMs = lifetimesMs[caller.way];
      const token = credential === undefined ? undefined : mark(credential);
      const content: z.infer<typeof Content> = { ...caller, until: Date.now() + lifetimeMs, token };
      const value = printUrlJson(content);
      await setSignedCookie(context, cookieName, value, secret, { ...attributes(), maxAge: lifetimeMs / 1_000 });
    },
    end(context) {
      deleteCookie(context, cookieName, attributes());
    },
  };

  function attributes() {
    return { path, secure: isSecure, httpOnly: true, sameSite: 'Lax' } as const;
  }

  /** Says which token a session is of, and nothing about the token to who reads the cookie. */
  function mark(token: string): string {
    return createHmac('sha256', secret).update(`token ${token}`).digest('base64url').slice(0, 22);
  }
}
