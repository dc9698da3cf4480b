import { hc } from 'hono/client';

import type { ServerRoutes } from '../../../../src/server/http-server.js';
import { basePath } from '../base-path.js';

/** A connection that was cut without a word would keep a page from ever being read again. */
const mostReadMs = 60_000;

/** The server's API, with the types of its routes. */
export const v1 = hc<ServerRoutes>(`${location.origin}${basePath}`, {
  headers: { accept: 'application/json' },
  fetch: async (input: RequestInfo | URL, init: RequestInit = {}) => {
    const { method = 'GET', signal } = init;
    if (method !== 'GET') return await fetch(input, init);
    const timeout = AbortSignal.timeout(mostReadMs);
    return await fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  },
}).api.v1;

type Query = Readonly<Record<string, string | number | undefined>>;

/** An address of the API for links and streams. */
export function apiUrl(path: string, query: Query = {}): string {
  const text = new URLSearchParams(textsOf(query)).toString();
  return `${basePath}api/v1/${path}${text === '' ? '' : `?${text}`}`;
}

/** Parameters of an address: what is undefined is left out. */
export function textsOf(query: Query): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
