import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { Readable } from 'node:stream';

import type { ProxyRules } from '@image-ferry/registry';
import { createProxyAgent, ProxyFault, proxyFor } from '@image-ferry/registry';

const mostRedirects = 5;
/** Answers that have no body, for which `Response` takes none. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** `fetch` by the rules that registries are reached by, since Node's own knows no proxy. */
export function proxiedFetch(rules: ProxyRules): typeof fetch {
  if (rules.http === undefined && rules.https === undefined) return fetch;
  return async (input, init) => await follow(new Request(input, init), rules, mostRedirects);
}

async function follow(request: Request, rules: ProxyRules, redirects: number): Promise<Response> {
  const url = new URL(request.url);
  const proxy = proxyFor(url, rules);
  if (proxy === undefined) return await fetch(request);
  const answer = await sendThrough(proxy, url, request);
  const location = answer.headers.get('location');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || location === null || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;

  await answer.body?.cancel();
  if (redirects === 0) throw new Error(`${url.origin} leads from one address to the next without an end`);
  const next = new URL(location, url);
  const headers = new Headers(request.headers);
  // What lets this client in here is nobody else's business.
  if (next.origin !== url.origin) headers.delete('authorization');
  const { method, signal } = request;
  return await follow(new Request(next, { method, headers, signal }), rules, redirects - 1);
}

async function sendThrough(proxy: URL, url: URL, request: Request): Promise<Response> {
  const { method, signal } = request;
  const isSecure = url.protocol === 'https:';
  // The signal ends a connection that the proxy has not answered yet; the agent does not know of it.
  const agent = await createProxyAgent(proxy, { isSecure, signal });
  const headers = Object.fromEntries(request.headers);
  const sent = (isSecure ? https : http).request(url, { agent, method, headers, signal });
  const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  try {
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
    return responseOf(answer);
  } catch (error) {
    // Its cause says nothing of a proxy, and who tells of faults tells of the innermost.
    throw error instanceof ProxyFault ? new Error(error.message) : error;
  }
}

function responseOf(answer: http.IncomingMessage): Response {
  const { statusCode: status = 502 } = answer;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  if (!bodiless.has(status)) return new Response(Readable.toWeb(answer) as ReadableStream, { status, headers });
  answer.resume();
  return new Response(null, { status, headers });
}
