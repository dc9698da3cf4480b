import { dropOldest } from '../concurrency/drop-oldest.js';
import { parseChallenges } from './challenge.js';
import { exchange } from './exchange.js';
import type { Answer } from './exchange.js';
import { networkFault } from './network-fault.js';
import { factsOf, observed } from './observed-request.js';
import { maxRedirects, redirectTarget, tooManyRedirects } from './redirect-rules.js';
import type { RegistryHost } from './registry-host.js';
import { exchangeOptions } from './request-options.js';
import type { RegistryRequest } from './request-options.js';
import { discardBody } from './response-body.js';
import { requestToken } from './token-endpoint.js';

/** Limit for the hosts that a registry redirects to: it may name any number. */
const maxTokens = 1_000;

export interface Followed {
  /** The last answer. */
  readonly response: Answer;
  /** The URL that answered. */
  readonly url: URL;
  /** A redirect on the way went to another origin. */
  readonly crossed: boolean;
}

/**
 * Sends one request and follows its redirects. The authorization is made for one origin and stays there: object stores
 * answer 400 to a second kind of authorization, and other hosts could keep it. After a redirect to another origin it is
 * dropped for good, even if a later redirect comes back.
 *
 * @param early an answer to the request that was sent already, without an authorization
 */
export async function followRedirects(
  host: RegistryHost,
  request: RegistryRequest,
  first: URL,
  own: boolean,
  authorization: string | undefined,
  early?: { readonly answer: Promise<Answer | undefined> },
): Promise<Followed> {
  let url = first;
  let crossed = false;
  for (let hops = 0; ; hops++) {
    const answered = hops === 0 ? await early?.answer : undefined;
    const response =
      answered ??
      (crossed
        ? await exchangeElsewhere(host, request, url)
        : await oneExchange(host, request, url, own, authorization));
    const next = redirectTarget(host, request, url, response);
    if (next === undefined) return { response, url, crossed };
    discardBody(response);
    if (hops === maxRedirects) throw tooManyRedirects(request);
    url = next;
    crossed ||= url.origin !== first.origin;
  }
}

/** The anonymous token from an origin to which this host redirects; never one of this host's own. */
export function redirectToken({ redirectTokens }: RegistryHost, { repository }: RegistryRequest['repo'], url: URL) {
  return redirectTokens.get(`${url.origin} ${repository}`);
}

/** registry.k8s.io redirects to registries that require their own token: an anonymous one, never our credentials. */
async function exchangeElsewhere(host: RegistryHost, request: RegistryRequest, url: URL): Promise<Answer> {
  const response = await oneExchange(host, request, url, false, redirectToken(host, request.repo, url));
  if (response.statusCode !== 401) return response;
  const bearer = parseChallenges(response.headers['www-authenticate'] ?? '').find(({ scheme }) => scheme === 'bearer');
  const { realm, service, scope } = bearer?.parameters ?? {};
  if (realm === undefined) return response;

  discardBody(response);
  const absolute = URL.canParse(realm, url.href) ? new URL(realm, url).href : realm;
  const query = {
    realm: absolute,
    scopes: scope === undefined ? [] : scope.split(' '),
    service,
  };
  const { value } = await requestToken(host, query, undefined, request.repo);
  host.redirectTokens.set(`${url.origin} ${request.repo.repository}`, `Bearer ${value}`);
  dropOldest(host.redirectTokens, maxTokens);
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
    const body = request.body === undefined ? {} : { body: request.body };
    return await observed(host, factsOf(request), url, async () => await exchange(url, { ...options, ...body }));
  } catch (error) {
    request.signal?.throwIfAborted();
    throw networkFault(error, request.repo, url);
  }
}
