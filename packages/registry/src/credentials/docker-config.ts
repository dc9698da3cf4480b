import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { CredentialProvider, RegistryCredentials } from '../client-options.js';
import { RegistryError } from '../errors.js';
import { dockerHub } from '../oci/image-reference.js';
import { readEntry } from './config-entry.js';
import { hubKey, keysOfHost } from './config-keys.js';
import { askCredentialHelper } from './credential-helper.js';

/** The parts of what `docker login` and podman write that matter here. */
interface DockerConfig {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore?: string;
}

interface CredentialLookup {
  readonly credentials?: RegistryCredentials;
  /** Credentials that the file has for the host and that cannot be used, each with its key and the reason. */
  readonly unused: readonly string[];
}

/** Options of {@link dockerConfigCredentials}. */
export interface DockerConfigOptions {
  /** Default `~/.docker/config.json`; a file that is not there gives no credentials. */
  readonly path?: string | undefined;
  /** Called once for each stored credential of a host that cannot be used, if no other was found. */
  readonly onUnused?: ((reason: string) => void) | undefined;
}

/**
 * dockerConfigCredentials reads credentials from docker's or podman's `config.json`. It reads the file on each call and
 * asks the host's credential helper, then the common credential store, then the file itself (for podman also by
 * namespace: `host/team`, the longest one that fits). A file that cannot be read does not stop requests that need no
 * credentials: the reason is in `unused`.
 *
 * @returns a provider, for the option `credentials` of a client
 */
export function dockerConfigCredentials({ path, onUnused }: DockerConfigOptions = {}): CredentialProvider {
  const file = path ?? join(homedir(), '.docker', 'config.json');
  const told = new Set<string>();
  const provide = async (host: string, repository: string): Promise<RegistryCredentials | undefined> => {
    const { credentials, unused } = await lookUp(file, host, repository);
    if (credentials !== undefined) return credentials;
    for (const reason of unused.filter((one) => !told.has(one))) {
      told.add(reason);
      onUnused?.(reason);
    }
    return undefined;
  };
  return Object.assign(provide, {
    unused: async (host: string, repository: string) => {
      const { credentials, unused } = await lookUp(file, host, repository);
      return credentials === undefined ? unused : [];
    },
  });
}

/**
 * firstCredentials combines several providers into one.
 *
 * @param providers asked in this order; the first one that has credentials wins
 * @returns a provider, for the option `credentials` of a client
 */
export function firstCredentials(...providers: readonly CredentialProvider[]): CredentialProvider {
  const provide: CredentialProvider = async (...repo) => {
    for (const provider of providers) {
      const credentials = await provider(...repo);
      if (credentials !== undefined) return credentials;
    }
    return undefined;
  };
  return Object.assign(provide, {
    unused: async (...repo: Parameters<CredentialProvider>) => {
      const reasons: string[] = [];
      for (const provider of providers) {
        if ((await provider(...repo)) !== undefined) return [];
        reasons.push(...((await provider.unused?.(...repo)) ?? []));
      }
      return reasons;
    },
  });
}

async function lookUp(file: string, host: string, repository: string): Promise<CredentialLookup> {
  let config: DockerConfig;
  try {
    config = await readConfig(file);
  } catch (error) {
    if (error instanceof RegistryError) return { unused: [error.message] };
    throw error;
  }
  const unused: string[] = [];
  const { fitting, elsewhere } = keysOfHost(Object.keys(config.auths), host, repository);
  const server = host === dockerHub ? hubKey : host;

  for (const key of keysOfHost(Object.keys(config.credHelpers), host, repository).fitting) {
    const helper = config.credHelpers[key];
    if (typeof helper !== 'string') unused.push(`${file}: credHelpers "${key}": its value is not text`);
    else if (helper.trim() !== '') {
      const repo = `${file}: credHelpers "${key}"`;
      const found = await askHelper(helper, [key, server], { repo, unused });
      if (found !== undefined) return { credentials: found, unused };
    }
  }
  if (config.credsStore !== undefined) {
    const repo = `${file}: credsStore`;
    const found = await askHelper(config.credsStore, [...fitting, server], { repo, unused });
    if (found !== undefined) return { credentials: found, unused };
  }
  for (const key of fitting) {
    const entry = readEntry(config.auths[key]);
    if (entry.kind === 'credentials') return { credentials: entry.credentials, unused };
    const reason = entry.kind === 'malformed' ? entry.reason : whyEmpty(config.credsStore);
    unused.push(`${file}: auths "${key}": ${reason}`);
  }
  // Requests to a host as a whole do not need them.
  if (repository !== '')
    unused.push(...elsewhere.map((key) => `${file}: auths "${key}": it is for images below that name alone`));
  return { unused };
}

/** Tries each name that the entry may have. @param unused gets the reason if the helper fails */
async function askHelper(
  helper: string,
  servers: readonly string[],
  { repo, unused }: { readonly repo: string; readonly unused: string[] },
): Promise<RegistryCredentials | undefined> {
  const name = helper.trim().replace(/^docker-credential-/, '');
  try {
    for (const server of new Set(servers)) {
      const found = await askCredentialHelper(name, server);
      if (found !== undefined) return found;
    }
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    unused.push(`${repo}: ${error.message}`);
  }
  return undefined;
}

function whyEmpty(store: string | undefined): string {
  return store === undefined
    ? 'it is empty; a credential store had the password, and none is configured now (credsStore)'
    : `it is empty, and the credential store ${store} gives no password for it: log in again`;
}

async function readConfig(file: string): Promise<DockerConfig> {
  const nothing: DockerConfig = { auths: {}, credHelpers: {} };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return nothing;
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
  // Windows editors write a byte order mark before the first character.
  const content = text.replace(/^\uFEFF/, '').trim();
  if (content === '') return nothing;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw unreadable(file, 'it is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw unreadable(file, 'it is not a JSON object');
  const { auths, credHelpers, credsStore } = json as Readonly<Record<string, unknown>>;
  return {
    auths: auths === undefined ? entriesOf(json) : recordOf(auths, file, 'auths'),
    credHelpers: recordOf(credHelpers, file, 'credHelpers'),
    ...(typeof credsStore === 'string' && credsStore.trim() !== '' ? { credsStore } : {}),
  };
}

/** The form of `.dockercfg`, which Kubernetes still keeps (`kubernetes.io/dockercfg`): the entries alone, without `auths`. */
function entriesOf(json: object): Readonly<Record<string, unknown>> {
  const isEntry = (value: unknown): boolean => typeof value === 'object' && value !== null && 'auth' in value;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => isEntry(value)));
}

function recordOf(value: unknown, file: string, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw unreadable(file, `its "${name}" is not a JSON object`);
}

function unreadable(file: string, reason: string): RegistryError {
  return new RegistryError(`${file}: the credentials in it cannot be read: ${reason}`, {
    code: 'credentials',
    decision: 'block',
  });
}
