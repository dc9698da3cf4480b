import { createHmac, randomBytes } from 'node:crypto';

import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import * as z from 'zod';

import type { Caller } from './caller.js';
import { printUrlJson, readUrlJson } from './url-json.js';

/**
 * Sessions of browsers, each in a signed cookie: they survive a restart of the server, which stores only those that were
 * signed out.
 */
export interface Sessions {
  read(context: Context): Promise<Caller | undefined>;
  begin(context: Context, caller: Caller, credential?: string): Promise<void>;
  /** From then on the cookie and every copy of it are refused. */
  end(context: Context): Promise<void>;
}

/** The sessions that were signed out, of all servers of a database. */
export interface EndedSessions {
  hasEnded(id: string): Promise<boolean>;
  /** @param expiresAt of the cookie, UTC milliseconds */
  end(id: string, expiresAt: number): Promise<void>;
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
  readonly ended: EndedSessions;
}

/** Another server may have ended a session: it is looked up again after this time. */
const askedAgainAfterMs = 5_000;
const mostRemembered = 1_000;
const cookieName = 'ferry-session';
/** An identity provider is asked again after a working day. */
const lifetimesMs = { token: 30 * 86_400_000, link: 30 * 86_400_000, oidc: 12 * 3_600_000 } as const;

const Content = z.object({
  id: z.string().min(1).max(64),
  role: z.enum(['reader', 'operator']),
  name: z.string(),
  way: z.enum(['token', 'link', 'oidc']),
  until: z.int(),
  token: z.string().optional(),
});

export function createSessions({ secret, path, isSecure, ways, tokens, ended }: SessionsOptions): Sessions {
  const valid = new Set(tokens.map(mark));
  /** When a session was last found open, by `performance.now()`. */
  const open = new Map<string, number>();
  return {
    async read(context) {
      const content = await contentOf(context);
      if (content === undefined || (await hasEnded(content.id))) return undefined;
      const { role, name, way } = content;
      return { role, name, way };
    },
    async begin(context, caller, credential) {
      const lifetimeMs = lifetimesMs[caller.way];
      const token = credential === undefined ? undefined : mark(credential);
      const id = randomBytes(16).toString('base64url');
      const content: z.infer<typeof Content> = { ...caller, id, until: Date.now() + lifetimeMs, token };
      const value = printUrlJson(content);
      await setSignedCookie(context, cookieName, value, secret, { ...attributes(), maxAge: lifetimeMs / 1_000 });
    },
    async end(context) {
      const content = await contentOf(context);
      if (content !== undefined) {
        open.delete(content.id);
        await ended.end(content.id, content.until);
      }
      deleteCookie(context, cookieName, attributes());
    },
  };

  async function contentOf(context: Context): Promise<z.infer<typeof Content> | undefined> {
    const value = await getSignedCookie(context, secret, cookieName);
    const { success, data } = Content.safeParse(readUrlJson(value || ''));
    if (!success || data.until <= Date.now()) return undefined;
    const isValid = data.way === 'token' ? data.token !== undefined && valid.has(data.token) : ways.includes(data.way);
    return isValid ? data : undefined;
  }

  async function hasEnded(id: string): Promise<boolean> {
    const foundAt = open.get(id);
    if (foundAt !== undefined && performance.now() - foundAt < askedAgainAfterMs) return false;
    open.delete(id);
    if (await ended.hasEnded(id)) return true;
    open.set(id, performance.now());
    const [oldest] = open.keys();
    if (open.size > mostRemembered && oldest !== undefined) open.delete(oldest);
    return false;
  }

  function attributes() {
    return { path, secure: isSecure, httpOnly: true, sameSite: 'Lax' } as const;
  }

  /** Says which token a session is of, and nothing about the token to who reads the cookie. */
  function mark(token: string): string {
    return createHmac('sha256', secret).update(`token ${token}`).digest('base64url').slice(0, 22);
  }
}
