import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';

import { errorMessage } from '../domain/error-message.js';
import type { ReceivedRequest, RequestKind } from '../domain/received-request.js';
import type { ServerLog } from './server-work.js';

/** What a route knows of a request. */
type Facts = Partial<Pick<ReceivedRequest, 'event' | 'repository' | 'delivery' | 'who' | 'outcome' | 'reason'>>;

export interface RequestLogOptions {
  readonly record: (requests: readonly ReceivedRequest[]) => Promise<void>;
  readonly log: ServerLog;
  /** Of requests without a valid token, signature or session; default: 60. */
  readonly refusedPerMinute?: number | undefined;
}

const flushEveryMs = 1_000;
const minuteMs = 60_000;
const standardRefused = 60;
/** Requests that wait for the database; later ones are dropped. */
const mostWaiting = 2_000;
/** They change nothing, though they have a body. */
const looks: ReadonlySet<string> = new Set(['/api/v1/images/preview', '/api/v1/add/parse']);

const known = new WeakMap<Context, Facts>();

/** Adds what a route knows to the record of the request. */
export function noteRequest(context: Context, facts: Facts): void {
  known.set(context, { ...known.get(context), ...facts });
}

/** Keeps what the server was asked and what became of it, without delaying an answer. */
export class RequestLog {
  readonly #options: RequestLogOptions;
  #waiting: ReceivedRequest[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #minute = 0;
  #refused = 0;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /** Middleware for all routes: requests that only read are not kept. */
  get middleware(): MiddlewareHandler {
    return async (context, next) => {
      await next();
      const request = describe(context);
      if (request !== undefined && this.#isKept(request)) this.#add(request);
    };
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const requests = this.#waiting;
    this.#waiting = [];
    if (requests.length > 0) {
      this.#writing = this.#writing.then(async () => {
        try {
          await this.#options.record(requests);
        } catch (error) {
          this.#options.log.warn({ reason: errorMessage(error), requests: requests.length }, 'requests not recorded');
        }
      });
    }
    await this.#writing;
  }

  /** Anybody can send requests that are refused: they must not fill the database. */
  #isKept({ at, status }: ReceivedRequest): boolean {
    const { refusedPerMinute = standardRefused } = this.#options;
    if (status < 400) return true;
    const minute = Math.floor(at / minuteMs);
    this.#refused = minute === this.#minute ? this.#refused + 1 : 1;
    this.#minute = minute;
    return this.#refused <= refusedPerMinute;
  }

  #add(request: ReceivedRequest): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push(request);
    this.#timer ??= setTimeout(() => void this.flush(), flushEveryMs);
  }
}

function describe(context: Context): ReceivedRequest | undefined {
  const { method } = context.req;
  const route = routePath(context, -1);
  const kind = kindOf(route, context);
  if (['GET', 'HEAD', 'OPTIONS'].includes(method) || kind === undefined || looks.has(route)) return undefined;
  const { status } = context.res;
  const facts = known.get(context);
  const outcome = status >= 400 ? 'refused' : (facts?.outcome ?? 'accepted');
  const reason = context.error === undefined ? facts?.reason : errorMessage(context.error);
  // Faults of this server are for its log alone.
  return {
    at: Date.now(),
    kind,
    method,
    route,
    status,
    ...facts,
    outcome,
    reason: status === 500 ? undefined : reason,
  };
}

function kindOf(route: string, context: Context): RequestKind | undefined {
  if (route.startsWith('/webhooks/')) return 'webhook';
  if (/^(?:\/api\/v3)?\/repos\//.test(route)) return 'dispatch';
  if (route === '/api/images') return 'api';
  if (!route.startsWith('/api/v1/')) return undefined;
  return context.req.header('authorization') === undefined ? 'console' : 'api';
}
