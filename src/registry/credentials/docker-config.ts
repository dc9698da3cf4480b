import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FerryError } from '../../domain/ferry-error.js';
import type { CredentialProvider, RegistryCredentials } from '../client-options.js';
import { askCredentialHelper } from './credential-helper.js';

/** What `docker login` and podman write, as far as it matters here. */
interface DockerConfig {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore?: string;
}

/** Names under which Docker Hub's credentials are kept; docker itself uses the first. */
const HUB_KEYS = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/**
 * Credentials from docker's `config.json`, read anew each time: the host's credential helper, then the common store,
 * then the file itself (for podman also by namespace: `host/team`, the longest that fits).
 *
 * @param path default `~/.docker/config.json`; a file that is not there gives no credentials
 * @throws FerryError `credentials` when the file cannot be read, or a helper fails
 */
export function dockerConfigCredentials({ path }: { readonly path?: string } = {}): CredentialProvider {
  const file = path ?? join(homedir(), '.docker', 'config.json');
  return async (host, repository) => {
    const config = await readConfig(file);
    if (config === undefined) return undefined;
    const keys = keysOf(host, repository);

    for (const key of keys) {
      const helper = config.credHelpers[key];
      if (typeof helper === 'string') return askCredentialHelper(helper, key);
    }
    if (config.credsStore !== undefined) {
      const stored = await askCredentialHelper(config.credsStore, host === 'docker.io' ? (HUB_KEYS[0] ?? host) : host);
      if (stored !== undefined) return stored;
    }
    for (const key of keys) {
      const entry = readEntry(config.auths[key], key, file);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };
}

/** Asks each in turn; the first that knows wins. */
export function firstCredentials(...providers: readonly CredentialProvider[]): CredentialProvider {
  return async (...place) => {
    for (const provider of providers) {
      const credentials = await provider(...place);
      if (credentials !== undefined) return credentials;
    }
    return undefined;
  };
}

/** The most specific first. */
function keysOf(host: string, repository: string): readonly string[] {
  const parts = repository.split('/');
  const prefixes = parts.map((_, position) => `${host}/${parts.slice(0, parts.length - position).join('/')}`);
  const bare = host === 'docker.io' ? HUB_KEYS : [host, `https://${host}`, `https://${host}/`];
  const old = bare.length === HUB_KEYS.length ? [] : [`https://${host}/v1/`, `https://${host}/v2/`, `http://${host}`];
  return [...prefixes, ...bare, ...old];
}

async function readConfig(file: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw unreadable(file, error instanceof Error ? error.message : String(error));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unreadable(file, 'it is not JSON');
  }
  if (typeof json !== 'object' || json === null) throw unreadable(file, 'it is not a JSON object');
  const { auths, credHelpers, credsStore } = json as Readonly<Record<string, unknown>>;
  return {
    auths: recordOf(auths),
    credHelpers: recordOf(credHelpers),
    ...(typeof credsStore === 'string' && credsStore !== '' ? { credsStore } : {}),
  };
}

function readEntry(entry: unknown, key: string, file: string): RegistryCredentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = recordOf(entry);
  const identity = typeof identitytoken === 'string' && identitytoken !== '' ? { identityToken: identitytoken } : {};
  if (typeof registrytoken === 'string' && registrytoken !== '') {
    return { username: '<token>', password: '', registryToken: registrytoken };
  }
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) throw unreadable(file, `the "auth" of ${key} is not base64 of user:password`);
    // Passwords may hold colons; docker pads with NUL.
    return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, ''), ...identity };
  }
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...identity };
  return 'identityToken' in identity ? { username: '<token>', password: '', ...identity } : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function unreadable(file: string, reason: string): FerryError {
  return new FerryError(`the credentials in ${file} cannot be read: ${reason}`, {
    code: 'credentials',
    decision: 'park',
  });
}
