import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { errorMessage } from '../../domain/error-message.js';
import { FerryError } from '../../domain/ferry-error.js';
import type { MetricsPage } from '../metrics/ferry-metrics.js';
import type { Readiness } from './readiness.js';

export interface ObservationAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The variable that sets it, for messages. */
  readonly variable: string;
}

export interface ObservationRoutes {
  readonly metrics: () => Promise<MetricsPage>;
  /** Of `/readyz`; absent: this process answers it elsewhere. */
  readonly readiness?: (() => Promise<Readiness>) | undefined;
  /** Gets the reason when a page could not be made. */
  readonly report: (reason: string) => void;
}

export interface ObservationServer {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** Prometheus servers and probes; anything more is a mistake or an attack. */
const mostConnections = 50;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz`, and nothing else, on an address of its own. No route changes anything, and
 * none needs a password: everyone who reaches the address can read them.
 *
 * @throws FerryError `configuration` if it cannot listen there
 */
export async function serveObservation(
  { host, port, variable }: ObservationAddress,
  routes: ObservationRoutes,
): Promise<ObservationServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    void answer(request, response, routes);
  });
  server.maxConnections = mostConnections;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new FerryError(
      `cannot listen on ${host}:${port} for metrics (${errorMessage(error)}): set ${variable} to another address, or unset it`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  const { address, port: chosen } = server.address() as AddressInfo;
  return {
    address: address.includes(':') ? `[${address}]:${chosen}` : `${address}:${chosen}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, routes: ObservationRoutes): Promise<void> {
  // A body has no meaning here; unread, it would keep the connection busy.
  request.resume();
  const { status, type, text } = await answerTo(request, routes);
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  };
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
}

async function answerTo({ method, url = '' }: IncomingMessage, routes: ObservationRoutes): Promise<Answer> {
  const [path] = url.split('?', 1);
  const isKnown = path === '/metrics' || path === '/healthz' || (path === '/readyz' && routes.readiness !== undefined);
  if (!isKnown) return plain(404, 'Not Found: /metrics, /healthz and /readyz are here\n');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET\n');
  try {
    if (path === '/healthz') return json(200, { status: 'ok' });
    if (path === '/readyz' && routes.readiness !== undefined) {
      const { isReady, checks } = await routes.readiness();
      return json(isReady ? 200 : 503, { status: isReady ? 'ok' : 'not ready', ...checks });
    }
    const { contentType, text } = await routes.metrics();
    return { status: 200, type: contentType, text };
  } catch (error) {
    routes.report(errorMessage(error));
    return plain(500, 'the page could not be made: the log of this process has the reason\n');
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text };
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', text: JSON.stringify(body) };
}
