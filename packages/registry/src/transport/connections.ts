import { setMaxListeners } from 'node:events';
import type { Agent } from 'node:http';
import { createSecureContext, rootCertificates } from 'node:tls';
import * as tls from 'node:tls';
import type { SecureContext } from 'node:tls';

import type { HostSettings, ProxyRules } from '../client-options.js';
import type { Network } from './exchange.js';
import { PooledPlainAgent, PooledTlsAgent } from './pooled-agent.js';
import { proxyFor } from './proxy-rules.js';

const agentOptions = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 32, scheduling: 'lifo' } as const;

/** The agent of a request and the certificate that it presents. */
export type Route = Pick<Network, 'agent' | 'heads' | 'secureContext'>;

/**
 * The connections of one registry host and of the hosts that it redirects to, kept open between requests. The client's
 * certificate is presented to the registry itself alone.
 */
export class Connections {
  readonly #proxy: HostSettings['proxy'];
  readonly #rules: ProxyRules;
  readonly #ownContext: SecureContext | undefined;
  readonly #otherContext: SecureContext | undefined;
  readonly #routes = new Map<string, Route>();
  readonly #closed = new AbortController();
  #proxyAgents: typeof import('./proxy-agents.js') | undefined;

  /** @throws Error when a certificate or key cannot be used */
  constructor({ ca, clientCertificate, proxy }: HostSettings, rules: ProxyRules) {
    this.#proxy = proxy;
    this.#rules = rules;
    const trusted = ca === undefined ? {} : { ca: [...systemCertificates(), ca] };
    this.#otherContext = ca === undefined ? undefined : createSecureContext(trusted);
    this.#ownContext =
      clientCertificate === undefined ? this.#otherContext : createSecureContext({ ...trusted, ...clientCertificate });
    setMaxListeners(0, this.#closed.signal);
  }

  /** To be awaited before the first route: most processes use no proxy, and need not load its agents. */
  async ready(): Promise<void> {
    const isDirect = this.#proxy === undefined && this.#rules.http === undefined && this.#rules.https === undefined;
    if (!isDirect && this.#proxy !== 'none') this.#proxyAgents ??= await import('./proxy-agents.js');
  }

  /** @param own whether the URL is the registry's own, not one that it redirected to */
  route(url: URL, own: boolean): Route {
    const proxy = this.proxyOf(url);
    const isSecure = url.protocol === 'https:';
    // A kept connection has presented its certificate already: connections to others are separate from the registry's.
    const key = `${proxy?.href ?? ''} ${isSecure} ${own}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const agent = this.#makeAgent(proxy, isSecure);
    const secureContext = own ? this.#ownContext : this.#otherContext;
    const made = {
      agent,
      ...('heads' in agent ? { heads: agent.heads } : {}),
      ...(isSecure && secureContext !== undefined ? { secureContext } : {}),
    };
    this.#routes.set(key, made);
    return made;
  }

  /** The proxy for a URL: the host's own setting, otherwise the client's rules. */
  proxyOf(url: URL): URL | undefined {
    if (this.#proxy === undefined) return proxyFor(url, this.#rules);
    return this.#proxy === 'none' ? undefined : this.#proxy;
  }

  close(): void {
    this.#closed.abort();
    for (const { agent } of this.#routes.values()) agent.destroy();
  }

  #makeAgent(proxy: URL | undefined, isSecure: boolean): PooledPlainAgent | PooledTlsAgent | Agent {
    if (proxy === undefined) return isSecure ? new PooledTlsAgent(agentOptions) : new PooledPlainAgent(agentOptions);
    if (this.#proxyAgents === undefined) throw new TypeError('a route was requested before its agents were ready');
    const { ForwardAgent, TunnelAgent } = this.#proxyAgents;
    // The signal ends connections that the proxy has not answered yet; no agent has those.
    const options = { ...agentOptions, signal: this.#closed.signal };
    return isSecure ? new TunnelAgent(proxy, options) : new ForwardAgent(proxy, options);
  }
}

/** A `ca` option replaces node's own list (with NODE_EXTRA_CA_CERTS in it): give both. Node 20 has only the built-in one. */
function systemCertificates(): readonly string[] {
  if ('getCACertificates' in tls && typeof tls.getCACertificates === 'function') {
    return (tls.getCACertificates as () => string[])();
  }
  return rootCertificates;
}
