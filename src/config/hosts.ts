/** `hosts` of `ferry.yaml`: how registries are spoken to. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import { parseByteRate } from '../domain/byte-rate.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { canonicalSource } from '../domain/source-allow-list.js';
import type { HostSettings } from '../../packages/registry/src/client-options.js';
import type { ConfigFile, HostEntry } from './config-file.js';
import type { ConfigErrors } from './config-errors.js';
import { readMirrors } from './mirrors.js';
import { parseProxy } from './proxies.js';
import { parseRegistryAddress } from './registry-address.js';

/** What is read of a host at most. Everything else of an entry says how to reach it, and that makes it trusted. */
const limits: ReadonlySet<string> = new Set(['bandwidth', 'concurrency', 'pulls'] satisfies (keyof HostEntry)[]);

/** Adds the file's settings to those that the environment and the targets gave. */
export function readHosts(
  { path, hosts: entries = {} }: Pick<ConfigFile, 'path' | 'hosts'>,
  hosts: Map<string, HostSettings>,
  faults: ConfigErrors,
): void {
  for (const [name, entry] of Object.entries(entries)) {
    const where = `${path}: hosts.${name}`;
    const parsed = faults.try(() => parseRegistryAddress(name, where));
    if (parsed === undefined) continue;
    const host = canonicalSource(parsed.host);
    const scheme = entry.scheme ?? parsed.scheme;
    const ca = readPem(entry.caFile, 'CERTIFICATE', `${where}.caFile`, faults);
    const clientCertificate = readClientCertificate(entry, where, faults);
    const proxy = readProxySetting(entry.proxy, where, faults);
    const { bandwidth, concurrency, allowHttpBlobRedirects } = entry;
    const readBytesPerSecond = bandwidth === undefined ? undefined : readRate(bandwidth, where, faults);
    const mirrors = readMirrors(entry, where, { hosts, faults });
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
      ...(concurrency === undefined ? {} : { concurrentReads: concurrency }),
      ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond }),
      ...(allowHttpBlobRedirects === undefined ? {} : { allowHttpBlobRedirects }),
    });
  }
}

/** An entry with nothing in it is there to name the host. */
function hasLimitsAlone(entry: HostEntry): boolean {
  const given = Object.keys(entry);
  return given.length > 0 && given.every((key) => limits.has(key));
}

function readClientCertificate(
  { certFile, keyFile }: HostEntry,
  where: string,
  faults: ConfigErrors,
): HostSettings['clientCertificate'] {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    faults.add(`${where} has ${given} without ${missing}: a client certificate needs both`);
    return undefined;
  }
  const cert = readPem(certFile, 'CERTIFICATE', `${where}.certFile`, faults);
  const key = readPem(keyFile, 'PRIVATE KEY', `${where}.keyFile`, faults);
  if (cert === undefined || key === undefined) return undefined;
  return faults.try(() => {
    assertPair(cert, key, where);
    return { cert, key };
  });
}

function assertPair(cert: string, key: string, where: string): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${where}: certFile and keyFile do not work together: ${reason}`, 'configuration');
  }
}

function readRate(text: string, where: string, faults: ConfigErrors): number | undefined {
  return faults.try(() => {
    try {
      return parseByteRate(text);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      throw new InvalidInput(`${where}.bandwidth: ${error.message}`, 'configuration');
    }
  });
}

function readProxySetting(text: string | undefined, where: string, faults: ConfigErrors): HostSettings['proxy'] {
  if (text === undefined || text === 'none') return text;
  return faults.try(() => parseProxy(text, `${where}.proxy`));
}

function readPem(
  path: string | undefined,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  where: string,
  faults: ConfigErrors,
): string | undefined {
  if (path === undefined) return undefined;
  return faults.try(() => {
    const text = readText(path, where);
    if (text.includes(`${kind}-----`)) return text;
    throw new InvalidInput(`${where} holds no PEM ${kind.toLowerCase()}: ${path}`, 'configuration');
  });
}

function readText(path: string, where: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`${where} cannot be read: ${reason}`, 'configuration');
  }
}
