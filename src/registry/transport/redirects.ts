import { RegistryFault } from '../registry-errors.js';
import { parseChallenges } from './challenge.js';
import { exchange } from './exchange.js';
import type { Answer } from './exchange.js';
import { networkFault } from './network-fault.js';
import { printUrl } from './redaction.js';
import { exchangeOptions } from './request-options.js';
import type { RegistryRequest } from './request-options.js';
import { discardBody } from './response-body.js';
import type { RegistryHost } from './registry-host.js';
import { requestToken } from './token-endpoint.js';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_HOPS = 10;

/**
 * One request with its redirects. The authorization is made for one origin and stays there: object stores answer 400
 * to a second kind of authorization, and anyone else could keep it.
 *
 * @returns the last answer, and whether it came from another origin than the one asked
 */
export async function followRedirects(
  host: RegistryHost,
  request: RegistryRequest,
  first: URL,
  own: boolean,
  authorization: string | undefined,
): Promise<{ readonly response: Answer; readonly crossed: boolean }> {
  const follow = request.follow !== false && (request.method === 'GET' || request.method === 'HEAD');
  let url = first;
  for (let hops = 0; ; hops++) {
    const crossed = url !== first && url.origin !== first.origin;
    const response = crossed
      ? await exchangeElsewhere(host, request, url)
      : await oneExchange(host, request, url, own, authorization);
    const { location } = response.headers;
    if (!follow || location === undefined || !REDIRECTS.has(response.statusCode ?? 0)) return { response, crossed };
    discardBody(response);
    if (hops === MOST_HOPS) throw refusedRedirect(request, `redirects more than ${MOST_HOPS} times`);
    url = nextUrl(request, url, location);
  }
}

function nextUrl(request: RegistryRequest, from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw refusedRedirect(request, 'redirects to something that is not a URL');
  const next = new URL(location, from);
  const allowed = next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:');
  if (!allowed) throw refusedRedirect(request, `redirects from TLS to ${printUrl(next)}, which has none`);
  return next;
}

/** registry.k8s.io redirects to registries that want a token of their own: an anonymous one, never our credentials. */
async function exchangeElsewhere(host: RegistryHost, request: RegistryRequest, url: URL): Promise<Answer> {
  const key = `${url.origin} ${request.place.repository}`;
  const response = await oneExchange(host, request, url, false, host.redirectTokens.get(key));
  if (response.statusCode !== 401) return response;
  const bearer = parseChallenges(response.headers['www-authenticate'] ?? '').find(({ scheme }) => scheme === 'bearer');
  const { realm, service, scope } = bearer?.parameters ?? {};
  if (realm === undefined) return response;

  discardBody(response);
  const absolute = URL.canParse(realm, url.href) ? new URL(realm, url).href : realm;
  const query = {
    realm: absolute,
    scopes: scope === undefined ? [] : scope.split(' '),
    ...(service === undefined ? {} : { service }),
  };
  const { value } = await requestToken(host, query, undefined, request.place);
  host.redirectTokens.set(key, `Bearer ${value}`);
  return oneExchange(host, request, url, false, `Bearer ${value}`);
}

async function oneExchange(
  host: RegistryHost,
  request: RegistryRequest,
  url: URL,
  own: boolean,
  authorization: string | undefined,
): Promise<Answer> {
  try {
    const options = exchangeOptions(host, request, url, own, authorization);
    return await exchange(url, { ...options, ...(request.body === undefined ? {} : { body: request.body }) });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw networkFault(error, request.place, url);
  }
}

function refusedRedirect({ place, what }: RegistryRequest, reason: string): RegistryFault {
  return new RegistryFault(`${reason} (asked for ${what}); it was not followed`, {
    place,
    code: 'protocol',
    decision: 'park',
  });
}
