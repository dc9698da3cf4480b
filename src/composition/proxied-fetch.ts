import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { Readable } from 'node:stream';

import { createProxyAgent, ProxyFault, proxyFor } from '@image-ferry/registry';
import type { ProxyRules } from '@image-ferry/registry';

const maxRedirects = 5;
/** Statuses without a body, for which `Response` accepts none. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** `fetch` through the proxies that registries are reached by, since Node's own does not support proxies. */
export function proxiedFetch(rules: ProxyRules): typeof fetch {
  if (rules.http === undefined && rules.https === undefined) return fetch;
  return async (input, init) => await follow(new Request(input, init), rules, maxRedirects);
}

async function follow(request: Request, rules: ProxyRules, redirects: number): Promise<Response> {
  const url = new URL(request.url);
  const proxy = proxyFor(url, rules);
  if (proxy === undefined) return await fetch(request);
  const response = await sendThrough(proxy, url, request);
  const location = response.headers.get('location');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || location === null || ![301, 302, 303, 307, 308].includes(response.status)) return response;

  await response.body?.cancel();
  if (redirects === 0) throw new Error(`${url.origin} redirects more than ${maxRedirects} times`);
  const next = new URL(location, url);
  const headers = new Headers(request.headers);
  // Credentials are never sent to another origin.
  if (next.origin !== url.origin) headers.delete('authorization');
  const { method, signal } = request;
  return await follow(new Request(next, { method, headers, signal }), rules, redirects - 1);
}

async function sendThrough(proxy: URL, url: URL, request: Request): Promise<Response> {
  const { method, signal } = request;
  const isSecure = url.protocol === 'https:';
  // The signal also ends a connection attempt that the proxy has not answered, which the agent does not do itself.
  const agent = await createProxyAgent(proxy, { isSecure, signal });
  const headers = Object.fromEntries(request.headers);
  const sent = (isSecure ? https : http).request(url, { agent, method, headers, signal });
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  try {
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    return responseOf(response);
  } catch (error) {
    // Its cause does not mention the proxy, and errors are reported by their innermost cause.
    throw error instanceof ProxyFault ? new Error(error.message) : error;
  }
}

function responseOf(response: http.IncomingMessage): Response {
  const { statusCode: status = 502 } = response;
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  if (!bodiless.has(status)) return new Response(Readable.toWeb(response) as ReadableStream, { status, headers });
  response.resume();
  return new Response(null, { status, headers });
}
