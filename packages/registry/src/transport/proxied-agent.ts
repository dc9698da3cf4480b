import type { Agent } from 'node:http';

/**
 * An agent for `node:http` or `node:https` that sends requests through a proxy.
 *
 * @param proxy `http:` or `https:`, perhaps with user and password
 * @param options.isSecure true for `https:` URLs, which are reached by CONNECT; false for `http:` URLs, which the proxy
 *   requests itself
 * @param options.signal ends a connection that the proxy has not answered yet
 * @returns an agent whose requests fail with {@link ProxyFault} when the proxy is at fault
 */
export async function createProxyAgent(
  proxy: URL,
  { isSecure, signal }: { readonly isSecure: boolean; readonly signal: AbortSignal },
): Promise<Agent> {
  const { ForwardAgent, TunnelAgent } = await import('./proxy-agents.js');
  return isSecure ? new TunnelAgent(proxy, { signal }) : new ForwardAgent(proxy, { signal });
}
