import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { FerryError } from '../../domain/ferry-error.js';

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Whether an address belongs to the public internet. 198.18.0.0/15 counts as public: it is the range that local
 * proxies (fake-IP DNS) put in front of public hosts, and nothing private lives there.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && parsed.range() === 'rfc6052') {
    // NAT64: the last four bytes are the IPv4 address that is really reached.
    return isPublicAddress(parsed.toByteArray().slice(12).join('.'));
  }
  if (parsed.range() === 'unicast') return true;
  return parsed.kind() === 'ipv4' && parsed.match(ipaddr.parseCIDR('198.18.0.0/15'));
}

/** The host of a URL without the brackets of an IPv6 literal. */
export function bareHostname(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** Names and addresses of this very machine, judged by how they are written. */
export function isLoopbackName(hostname: string): boolean {
  const name = bareHostname(hostname);
  if (isIP(name) !== 0) return ipaddr.process(name).range() === 'loopback';
  return name === 'localhost' || name.endsWith('.localhost');
}

/** @throws FerryError `private-address` for an IP literal that is not public; node asks no `lookup` for those */
export function assertPublicLiteral(hostname: string): void {
  const name = bareHostname(hostname);
  if (isIP(name) !== 0 && !isPublicAddress(name)) throw privateAddress(hostname, name);
}

/** A `lookup` for node:net that fails unless a name has a public address, and gives only those. */
export function publicLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) {
      callback(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const first = allowed[0];
    if (first === undefined) {
      callback(privateAddress(hostname, addresses[0]?.address ?? 'no address'), []);
    } else if (options.all === true) {
      callback(null, allowed);
    } else {
      callback(null, first.address, first.family);
    }
  });
}

function privateAddress(hostname: string, address: string): FerryError {
  return new FerryError(
    `${hostname} has the address ${address}, which is private; only configured registries may have one. ` +
      `Configure ${hostname} as a registry if this is meant`,
    { code: 'private-address', decision: 'park' },
  );
}
