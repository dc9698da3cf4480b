import type { RepositoryRef } from '../repository-ref.js';
import type { ExchangeOptions, Method } from './exchange.js';
import type { RegistryHost } from './registry-host.js';
import type { Resource } from './resource.js';

export interface RegistryRequest {
  readonly repo: RepositoryRef;
  readonly method: Method;
  readonly resource: Resource;
  /** Path and query on the registry, or an upload location that it gave. */
  readonly url: string | URL;
  /** The request in messages: `HEAD manifest 1.27`. */
  readonly what: string;
  readonly scopes: readonly string[];
  /** The statuses that are answers; every other one becomes a fault. */
  readonly expect: readonly number[];
  /**
   * A 401 or 403 despite a token is an answer too: ACR, ECR and others refuse requests for a repository that does not
   * exist yet, though it may be pushed to.
   */
  readonly deniedIsAnswer?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** A read of a source's manifest: one that the source may count, or a free one that only reports the count. */
  readonly pull?: 'counted' | 'free';
  /** Default: the host's `answerMs`. */
  readonly answerMs?: number;
  /** How many attempts in all, default 4. */
  readonly attempts?: number | undefined;
  /** A redirect chose the URL's origin: the URL is used unchanged, without the registry's authorization. */
  readonly foreign?: boolean;
  /** On a connection that no other request uses. */
  readonly fresh?: boolean | undefined;
  /** The digest of the whole answer is checked before it is used: a redirect without TLS is possible if allowed. */
  readonly isVerified?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A request whose answer has a body. */
export type GetRequest = RegistryRequest & { readonly method: 'GET' };

/** The request on the wire, with the authorization that may go to this URL. @throws RegistryError */
export function exchangeOptions(
  host: RegistryHost,
  { method, headers, body, answerMs, fresh, signal }: RegistryRequest,
  url: URL,
  own: boolean,
  authorization: string | undefined,
): ExchangeOptions {
  return {
    method,
    headers: {
      'user-agent': host.userAgent,
      'accept-encoding': 'identity',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(body.length) }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    network: host.network(url, own),
    connectMs: host.timing.connectMs,
    answerMs: answerMs ?? host.timing.answerMs,
    fresh,
    signal,
  };
}
