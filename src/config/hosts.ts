/** `hosts` of `ferry.yaml`: how to reach registries. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import type { HostSettings } from '@image-ferry/registry';

import { parseByteRate } from '../domain/byte-rate.js';
import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { canonicalSource } from '../domain/source-allow-list.js';
import type { ConfigErrors } from './config-errors.js';
import type { ConfigFile, HostEntry } from './config-file.js';
import { readMirrors } from './mirrors.js';
import { parseProxy } from './proxies.js';
import { parseRegistryAddress } from './registry-address.js';

/** Keys that only limit reads. All other keys of an entry say how to reach the host, which makes it trusted. */
const limits: ReadonlySet<string> = new Set([
  'bandwidth',
  'concurrency',
  'connections',
  'pulls',
] satisfies (keyof HostEntry)[]);

/** Adds the file's settings to those of the environment and the targets. */
export function readHosts(
  { path, hosts: entries = {} }: Pick<ConfigFile, 'path' | 'hosts'>,
  hosts: Map<string, HostSettings>,
  errors: ConfigErrors,
): void {
  for (const [name, entry] of Object.entries(entries)) {
    const where = `${path}: hosts.${name}`;
    const parsed = errors.try(() => parseRegistryAddress(name, where));
    if (parsed === undefined) continue;
    const host = canonicalSource(parsed.host);
    const scheme = entry.scheme ?? parsed.scheme;
    const ca = readPem(entry.caFile, 'CERTIFICATE', `${where}.caFile`, errors);
    const clientCertificate = readClientCertificate(entry, where, errors);
    const proxy = readProxySetting(entry.proxy, where, errors);
    const { bandwidth, concurrency, connections, allowHttpBlobRedirects } = entry;
    const readBytesPerSecond = bandwidth === undefined ? undefined : readRate(bandwidth, where, errors);
    const mirrors = readMirrors(entry, where, { hosts, errors });
    const { trusted, ...known } = hosts.get(host) ?? { trusted: false };
    const isTrusted = trusted === undefined || scheme !== undefined || !hasLimitsAlone(entry);
    hosts.set(host, {
      ...known,
      ...(isTrusted ? {} : { trusted: false }),
      ...(scheme === undefined ? {} : { scheme }),
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(mirrors.length === 0 ? {} : { mirrors }),
      ...(concurrency === undefined ? {} : { concurrentBlobs: concurrency }),
      ...(connections === undefined ? {} : { readConnections: connections }),
      ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond }),
      ...(allowHttpBlobRedirects === undefined ? {} : { allowHttpBlobRedirects }),
    });
  }
}

/** An empty entry only names the host, and makes it trusted. */
function hasLimitsAlone(entry: HostEntry): boolean {
  const given = Object.keys(entry);
  return given.length > 0 && given.every((key) => limits.has(key));
}

function readClientCertificate(
  { certFile, keyFile }: HostEntry,
  where: string,
  errors: ConfigErrors,
): HostSettings['clientCertificate'] {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    errors.add(`${where} has ${given} without ${missing}: a client certificate needs both`);
    return undefined;
  }
  const cert = readPem(certFile, 'CERTIFICATE', `${where}.certFile`, errors);
  const key = readPem(keyFile, 'PRIVATE KEY', `${where}.keyFile`, errors);
  if (cert === undefined || key === undefined) return undefined;
  return errors.try(() => {
    assertPair(cert, key, where);
    return { cert, key };
  });
}

function assertPair(cert: string, key: string, where: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = errorMessage(error);
    throw new InvalidInput(`${where}: certFile and keyFile do not match: ${reason}`, 'configuration');
  }
}

function readRate(text: string, where: string, errors: ConfigErrors): number | undefined {
  return errors.try(() => {
    try {
      return parseByteRate(text);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      throw new InvalidInput(`${where}.bandwidth: ${error.message}`, 'configuration');
    }
  });
}

function readProxySetting(text: string | undefined, where: string, errors: ConfigErrors): HostSettings['proxy'] {
  if (text === undefined || text === 'none') return text;
  return errors.try(() => parseProxy(text, `${where}.proxy`));
}

function readPem(
  path: string | undefined,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  where: string,
  errors: ConfigErrors,
): string | undefined {
  if (path === undefined) return undefined;
  return errors.try(() => {
    const text = readText(path, where);
    if (text.includes(`${kind}-----`)) return text;
    throw new InvalidInput(`${where} is not a PEM ${kind.toLowerCase()}: ${path}`, 'configuration');
  });
}

function readText(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = errorMessage(error);
    throw new InvalidInput(`${where} cannot be read: ${reason}`, 'configuration');
  }
}
