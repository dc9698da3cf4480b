import type { Context, MiddlewareHandler } from 'hono';

import { refusal } from '../problems.js';
import { noteRequest } from '../received-requests.js';
import type { RequestLimit } from '../request-limit.js';
import { fingerprint, isAmong, tokenIn } from '../token-gate.js';

/** Who sends a request. */
export interface Caller {
  readonly role: 'reader' | 'operator';
  /** As events record it. */
  readonly name: string;
  readonly way: 'token' | 'link' | 'oidc';
}

export interface CallerEnv {
  Variables: { caller: Caller };
}

/** The session of a request's cookie; undefined without a valid one. */
export type ReadSession = (context: Context) => Promise<Caller | undefined>;

export interface GateOptions {
  readonly apiTokens: readonly string[];
  readonly viewTokens: readonly string[];
  readonly readSession: ReadSession;
  /** Refuses requests of pages of other servers, which a browser sends with the cookie. */
  readonly assertOwnPage: (context: Context) => void;
  /** Limit per token. */
  readonly limit: RequestLimit;
}

/** Middleware of routes that need a signed-in caller, or a token in the header Authorization. */
export interface Gate {
  readonly asReader: MiddlewareHandler<CallerEnv>;
  readonly asOperator: MiddlewareHandler<CallerEnv>;
}

export function createGate(options: GateOptions): Gate {
  const callerOfToken = createTokenLookup(options);
  return { asReader: gate(false), asOperator: gate(true) };

  function gate(needsOperator: boolean): MiddlewareHandler<CallerEnv> {
    return async (context, next) => {
      const caller = await callerOf(context);
      if (caller === undefined) {
        throw refusal(401, 'sign in, or send a token: Authorization: Bearer <FERRY_API_TOKEN or FERRY_VIEW_TOKEN>', {
          'www-authenticate': 'Bearer realm="image-ferry"',
        });
      }
      noteRequest(context, { who: caller.name });
      if (needsOperator && caller.role !== 'operator') {
        throw refusal(403, `${caller.name} may look, but not change anything: this needs an operator`);
      }
      context.set('caller', caller);
      await next();
    };
  }

  async function callerOf(context: Context): Promise<Caller | undefined> {
    const header = context.req.header('authorization');
    if (header === undefined) {
      const caller = await options.readSession(context);
      if (caller !== undefined) options.assertOwnPage(context);
      return caller;
    }
    const token = tokenIn(header);
    const caller = token === undefined ? undefined : callerOfToken(token);
    if (token !== undefined && caller !== undefined) {
      await options.limit.count(fingerprint(token).toString('hex').slice(0, 16));
    }
    return caller;
  }
}

/** Who has a token; undefined for an unknown one. */
export function createTokenLookup({
  apiTokens,
  viewTokens,
}: Pick<GateOptions, 'apiTokens' | 'viewTokens'>): (token: string) => Caller | undefined {
  const operators = apiTokens.map(fingerprint);
  const readers = viewTokens.map(fingerprint);
  return (token) => {
    const candidate = fingerprint(token);
    const [isOperator, isReader] = [isAmong(candidate, operators), isAmong(candidate, readers)];
    if (isOperator) return { role: 'operator', name: 'operator', way: 'token' };
    return isReader ? { role: 'reader', name: 'reader', way: 'token' } : undefined;
  };
}
