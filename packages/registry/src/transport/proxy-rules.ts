import ipaddr from 'ipaddr.js';

import type { ProxyRules } from '../client-options.js';
import { bareHostname, isLoopbackName } from './address-guard.js';

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The proxy for a URL; undefined if there is none. Requests to this machine itself never use a proxy. */
export function proxyFor(url: URL, rules: ProxyRules): URL | undefined {
  const proxy = url.protocol === 'https:' ? rules.https : rules.http;
  if (proxy === undefined || isLoopbackName(url.hostname)) return undefined;
  const host = { name: bareHostname(url.hostname).toLowerCase(), port: url.port || defaultPorts[url.protocol] };
  return rules.except.some((entry) => matches(entry.trim().toLowerCase(), host)) ? undefined : proxy;
}

function matches(entry: string, host: { readonly name: string; readonly port: string | undefined }): boolean {
  if (entry === '*') return true;
  const { name, port } = splitPort(entry);
  if (name === '' || (port !== undefined && port !== host.port)) return false;
  if (name.includes('/')) return isInBlock(host.name, name);
  if (ipaddr.isValid(name)) return ipaddr.isValid(host.name) && isSameAddress(name, host.name);
  const suffix = name.replace(/^\*?\.?/, '.');
  return host.name.endsWith(suffix) || (!/^\*?\./.test(name) && host.name === name);
}

/** `[::1]:5000`, `example.com:5000`; the colons of a bare IPv6 address are its own. */
function splitPort(entry: string): { readonly name: string; readonly port?: string } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  const [, name = entry, port] = bracketed ?? /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return port === undefined ? { name } : { name, port };
}

function isInBlock(address: string, block: string): boolean {
  if (!ipaddr.isValid(address) || !ipaddr.isValidCIDR(block)) return false;
  const parsed = ipaddr.process(address);
  const range = ipaddr.parseCIDR(block);
  return parsed.kind() === range[0].kind() && parsed.match(range);
}

function isSameAddress(one: string, other: string): boolean {
  return ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString();
}
