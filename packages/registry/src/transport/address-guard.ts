import { lookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

import { RegistryError } from '../errors.js';

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** The metadata addresses of AWS (IPv6), Alibaba Cloud, Azure and Oracle; other clouds use 169.254.169.254. */
const metadataAddresses = new Set(['fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192']);

/**
 * Checks if an address belongs to the public internet. 198.18.0.0/15 counts as public: it is the range that local
 * proxies (fake-IP DNS) put in front of public hosts, and no private host uses it.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = addressReached(address);
  if (parsed.range() === 'unicast') return true;
  return parsed.kind() === 'ipv4' && parsed.match(ipaddr.parseCIDR('198.18.0.0/15'));
}

/** The host of a URL without the brackets of an IPv6 literal. */
export function bareHostname(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** isLoopbackName checks if a name or an IP address is one of this machine, by how it is written. */
export function isLoopbackName(hostname: string): boolean {
  const name = bareHostname(hostname);
  if (isIP(name) !== 0) return ipaddr.process(name).range() === 'loopback';
  return name === 'localhost' || name.endsWith('.localhost');
}

/**
 * Checks if an address is a cloud's metadata service, or link-local as most of those are. No registry has a reason to
 * redirect there.
 */
function isMetadataAddress(address: string): boolean {
  const parsed = addressReached(address);
  return parsed.range() === 'linkLocal' || metadataAddresses.has(parsed.toString());
}

/** The address that packets arrive at: the IPv4 address if IPv6 only wraps one. */
function addressReached(address: string): ReturnType<typeof ipaddr.process> {
  const parsed = ipaddr.process(address);
  if (parsed.kind() !== 'ipv6' || parsed.range() !== 'rfc6052') return parsed;
  // NAT64: the last four bytes are the IPv4 address.
  return ipaddr.process(parsed.toByteArray().slice(12).join('.'));
}

/** Decides which addresses may be connected to. */
export interface AddressGuard {
  /** For IP literals, for which node asks no `lookup`, and for names of this very machine. @throws RegistryError `private-address` */
  assertHostname(hostname: string): void;
  /** For node:net: fails unless a name has an address that may be connected to, and returns only those. */
  lookup(hostname: string, options: LookupOptions, callback: LookupCallback): void;
}

/** For hosts that the configuration does not name. */
export const publicOnly: AddressGuard = addressGuard(isPublicAddress, privateAddress);

/** For hosts that a private registry redirects to: any in its network except a cloud's own services. */
export const withoutMetadata: AddressGuard = addressGuard((address) => !isMetadataAddress(address), metadataAddress);

function addressGuard(
  isAllowed: (address: string) => boolean,
  refusal: (hostname: string, address: string) => RegistryError,
): AddressGuard {
  return {
    assertHostname(hostname) {
      const name = bareHostname(hostname);
      if (isIP(name) !== 0 && !isAllowed(name)) throw refusal(hostname, name);
      if (isLoopbackName(name) && !isAllowed('127.0.0.1')) throw refusal(hostname, 'of this machine itself');
    },
    lookup(hostname, options, callback) {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) {
          callback(error, []);
          return;
        }
        const allowed = addresses.filter(({ address }) => isAllowed(address));
        const first = allowed[0];
        if (first === undefined) {
          callback(refusal(hostname, addresses[0]?.address ?? 'no address'), []);
        } else if (options.all === true) {
          callback(null, allowed);
        } else {
          callback(null, first.address, first.family);
        }
      });
    },
  };
}

function metadataAddress(hostname: string, address: string): RegistryError {
  return new RegistryError(
    `it sends the ferry to ${hostname} at the address ${address}, where clouds keep a machine's secrets; nothing was sent there`,
    { code: 'private-address', decision: 'block' },
  );
}

function privateAddress(hostname: string, address: string): RegistryError {
  return new RegistryError(
    `${hostname} has the address ${address}, which is private; only configured registries may have one. ` +
      'If this is meant, describe it under hosts in ferry.yaml, with its port if it has one',
    { code: 'private-address', decision: 'block' },
  );
}
