import type { Socket } from 'node:net';

import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';

import { RegistryError } from '../errors.js';
import { named } from './pooled-agent.js';
import { ProxyFault } from './proxy-fault.js';

type Tunnel = Parameters<HttpsProxyAgent<string>['connect']>;
type Forward = Parameters<HttpProxyAgent<string>['connect']>;
type ConnectOptions = Tunnel[1];

/**
 * Reaches TLS servers by CONNECT. The proxy resolves the name; a guarded request is also looked up here, and refused if
 * this machine's network resolves the name to a forbidden address. A name that only the proxy knows passes.
 */
export class TunnelAgent extends HttpsProxyAgent<string> {
  override getName(options: Parameters<HttpsProxyAgent<string>['getName']>[0]): string {
    return named(super.getName(options), options);
  }

  override async connect(...[request, options]: Tunnel): Promise<Socket> {
    await assertAllowed(options);
    let status = 200;
    request.once('proxyConnect', (answer: { readonly statusCode?: number }) => {
      status = answer.statusCode ?? 0;
    });
    const socket = await reached(this.proxy, () => super.connect(request, options));
    if (status === 200) return socket;
    socket.destroy();
    throw refusal(this.proxy, status, `${options.host ?? ''}:${options.port}`);
  }
}

/** Reaches plain servers by sending the proxy the whole URL, guarded in the same way. */
export class ForwardAgent extends HttpProxyAgent<string> {
  override getName(options: Parameters<HttpProxyAgent<string>['getName']>[0]): string {
    return named(super.getName(options), options);
  }

  override async connect(...[request, options]: Forward): Promise<Socket> {
    await assertAllowed(options);
    return reached(this.proxy, () => super.connect(request, options));
  }
}

/** @throws RegistryError `private-address` */
function assertAllowed({ host, lookup }: ConnectOptions): Promise<void> {
  if (lookup === undefined || typeof host !== 'string') return Promise.resolve();
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error) => {
      if (error instanceof RegistryError) reject(error);
      else resolve();
    });
  });
}

async function reached<T>(proxy: URL, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProxyFault(proxy, `could not be used: ${reason}`, { passes: true, cause });
  }
}

function refusal(proxy: URL, status: number, destination: string): ProxyFault {
  if (status === 407) {
    const told = proxy.username === '' ? 'wants a user and password' : 'refused the user and password';
    return new ProxyFault(proxy, `${told} (407): put them in its URL, http://user:password@${proxy.host}`, {
      passes: false,
    });
  }
  return new ProxyFault(proxy, `answered ${status} instead of connecting to ${destination}`, { passes: status >= 500 });
}
