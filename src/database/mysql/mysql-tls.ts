import { lookup } from 'node:dns/promises';
import { BlockList, connect, isIP } from 'node:net';
import type { Socket } from 'node:net';

import type { MysqlSettings, MysqlTlsMode } from '../../domain/database-settings.js';

/** The protection of a connection. */
export interface MysqlTransport {
  readonly mode: MysqlTlsMode;
  /** Whether the server is on this machine or in a private network. */
  readonly isNear: boolean;
}

/** The configured mode, or the default for the location of the server. */
export async function transportOf({ host, tls, ca }: MysqlSettings): Promise<MysqlTransport> {
  const isNear = await isNearby(host);
  const usual = ca !== undefined || !isNear ? 'verify-identity' : 'preferred';
  return { mode: tls ?? usual, isNear };
}

/** The options of mysql2 for a mode other than `off`. */
export function tlsOptions({ host, port, ca }: MysqlSettings, mode: MysqlTlsMode) {
  const verifyIdentity = mode === 'verify-identity';
  const ssl = {
    rejectUnauthorized: verifyIdentity || mode === 'verify-ca',
    verifyIdentity,
    ...(ca === undefined ? {} : { ca }),
  };
  return verifyIdentity && isIP(host) !== 0 ? { ssl, stream: () => socketTo(host, port) } : { ssl };
}

/** A warning about the connection; undefined if there is none. */
export function transportNote(
  { host }: MysqlSettings,
  { mode, isNear }: MysqlTransport,
  isEncrypted: boolean,
): string | undefined {
  if (isNear) return undefined;
  if (!isEncrypted) {
    return `the connection to MySQL at ${host} is not encrypted and leaves the private network: others can read and change it. If the server supports TLS, set MYSQL_SSL=verify-identity`;
  }
  if (mode === 'verify-identity') return undefined;
  const unknown =
    mode === 'verify-ca' ? 'its name is not compared with its certificate' : 'its certificate is not verified';
  return `the connection to MySQL at ${host} is encrypted, but ${unknown} (MYSQL_SSL=${mode}): another server could impersonate it. Set MYSQL_SSL=verify-identity, and MYSQL_SSL_CA_FILE if its CA is not public`;
}

/**
 * mysql2 compares the certificate with `localhost` if the host is an address: Node takes a missing name from the socket,
 * which has none for addresses.
 */
function socketTo(host: string, port: number): Socket {
  const socket = connect(port, host).setNoDelay(true).setKeepAlive(true);
  return Object.assign(socket, { _host: host });
}

const near = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  near.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  near.addSubnet(network, prefix, 'ipv6');
}

async function isNearby(host: string): Promise<boolean> {
  const addresses = isIP(host) === 0 ? await addressesOf(host) : [{ address: host, family: isIP(host) }];
  return (
    addresses.length > 0 &&
    addresses.every(({ address, family }) => near.check(address, family === 6 ? 'ipv6' : 'ipv4'))
  );
}

/** A name that cannot be resolved is reported by the connection attempt. */
async function addressesOf(host: string): Promise<readonly { readonly address: string; readonly family: number }[]> {
  try {
    return await lookup(host, { all: true });
  } catch {
    return [];
  }
}
