import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import ipaddr from 'ipaddr.js';

import { isPublicAddress } from './address-guard.js';
import { apiHosts } from './quirks.js';

/** An address that a host resolves to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly isPublic: boolean;
}

const patienceMs = 3_000;

/**
 * Resolves the addresses of a reference's host: from the host itself if it is an address in any notation (`127.1`,
 * `2130706433`, `0177.0.0.1`, `[::ffff:7f00:1]`), otherwise with the machine's resolver. Empty when the resolver finds
 * none in time: the copy then finds out whether the host can be reached, and it guards addresses, too.
 */
export async function hostAddresses(host: string): Promise<readonly ResolvedAddress[]> {
  const name = withoutPort(apiHosts[host] ?? host);
  if (ipaddr.isValid(name)) return [judged(ipaddr.process(name).toString())];
  const timeout = new AbortController();
  try {
    const found = await Promise.race([
      lookup(name, { all: true }),
      sleep(patienceMs, [], { signal: timeout.signal, ref: false }),
    ]);
    return found.map(({ address }) => judged(address));
  } catch {
    return [];
  } finally {
    timeout.abort();
  }
}

function judged(address: string): ResolvedAddress {
  return { address, isPublic: isPublicAddress(withoutZeros(address)) };
}

/** `::7f00:1`: the oldest way to write an IPv4 address as IPv6 (RFC 4291 §2.5.5.1) is checked as the IPv4 address. */
function withoutZeros(address: string): string {
  const bytes = ipaddr.parse(address).toByteArray();
  const isCompatible = bytes.length === 16 && bytes.slice(0, 12).every((byte) => byte === 0);
  return isCompatible ? bytes.slice(12).join('.') : address;
}

function withoutPort(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
}
