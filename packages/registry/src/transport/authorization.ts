import type { CredentialProvider, RegistryCredentials } from '../client-options.js';
import { dropOldest } from '../concurrency/drop-oldest.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { Challenge } from './challenge.js';

/** What a registry requires: learned from its challenges, and updated by each of them. */
type Scheme =
  | { readonly type: 'basic' }
  | { readonly type: 'bearer'; readonly realm: string; readonly service?: string | undefined };

export interface Token {
  readonly value: string;
  /** When it should no longer be used for a new request, local clock, milliseconds. */
  readonly staleAt: number;
}

/** Gets one token from a realm. @throws RegistryError when the realm refuses */
export type TokenSource = (
  query: { readonly realm: string; readonly service?: string | undefined; readonly scopes: readonly string[] },
  credentials: RegistryCredentials | undefined,
  repo: RepositoryRef,
) => Promise<Token>;

const maxEntries = 1000;

/**
 * The authorization of one registry host: which scheme it requires, and the tokens that it gave, one for each set of
 * scopes and each target, since two targets may be two accounts. None of this ever leaves the host: a redirect is
 * followed without it.
 */
export class HostAuthorization {
  readonly #host: string;
  readonly #credentials: CredentialProvider;
  readonly #requestToken: TokenSource;
  readonly #tokens = new Map<string, Token>();
  readonly #inFlight = new Map<string, Promise<Token>>();
  readonly #basicHeaders = new Map<string, string>();
  #scheme: Scheme | undefined;

  constructor(host: string, credentials: CredentialProvider, requestToken: TokenSource) {
    this.#host = host;
    this.#credentials = credentials;
    this.#requestToken = requestToken;
  }

  /** The header for a request, by what is known of the host; undefined until the host requires one. */
  async header(repo: RepositoryRef, scopes: readonly string[]): Promise<string | undefined> {
    if (this.#scheme === undefined) return undefined;
    if (this.#scheme.type === 'basic') return this.#basicHeader(repo);
    return `Bearer ${(await this.#token(this.#scheme, repo, scopes)).value}`;
  }

  /**
   * Answers the challenge of a 401. Reads it each time: realms change (nvcr.io), and tokens expire early.
   *
   * @returns the header for one more attempt, undefined if there is nothing new to offer
   */
  async answer(
    challenges: readonly Challenge[],
    repo: RepositoryRef,
    { scopes, rejected }: { readonly scopes: readonly string[]; readonly rejected: string | undefined },
  ): Promise<string | undefined> {
    const bearer = challenges.find(
      ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined,
    );
    if (bearer !== undefined) {
      const { realm = '', service, scope } = bearer.parameters;
      this.#scheme = { type: 'bearer', realm, service };
      const asked = withChallenged(scopes, scope);
      this.#forget(repo, scopes, rejected);
      const token = await this.#token(this.#scheme, repo, asked, cacheKey(repo, scopes));
      return `Bearer ${token.value}`;
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    this.#scheme = { type: 'basic' };
    this.#basicHeaders.delete(basicKey(repo));
    const header = await this.#basicHeader(repo);
    return header === rejected ? undefined : header;
  }

  /** Why stored credentials for a repository are not used. @throws RegistryError */
  async unused({ repository, name }: RepositoryRef): Promise<readonly string[]> {
    return (await this.#credentials.unused?.(this.#host, repository, name)) ?? [];
  }

  /** Whether a header has a token from a token service: user and password were right, if there were any. */
  hasGranted(header: string | undefined): boolean {
    for (const { value } of this.#tokens.values()) if (header === `Bearer ${value}`) return true;
    return false;
  }

  async #basicHeader(repo: RepositoryRef): Promise<string | undefined> {
    const known = this.#basicHeaders.get(basicKey(repo));
    if (known !== undefined) return known;
    const credentials = await this.#credentialsFor(repo);
    if (credentials === undefined) return undefined;
    if (credentials.registryToken !== undefined) return `Bearer ${credentials.registryToken}`;
    const header = basicAuthorization(credentials);
    this.#basicHeaders.set(basicKey(repo), header);
    dropOldest(this.#basicHeaders, maxEntries);
    return header;
  }

  #forget(repo: RepositoryRef, scopes: readonly string[], rejected: string | undefined): void {
    const key = cacheKey(repo, scopes);
    // A token that another request renewed meanwhile is kept: only the refused one is bad.
    if (rejected === undefined || `Bearer ${this.#tokens.get(key)?.value}` === rejected) this.#tokens.delete(key);
  }

  async #token(
    scheme: Scheme & { type: 'bearer' },
    repo: RepositoryRef,
    scopes: readonly string[],
    key = cacheKey(repo, scopes),
  ): Promise<Token> {
    const known = this.#tokens.get(key);
    if (known !== undefined && known.staleAt > Date.now()) return known;
    const inFlight = this.#inFlight.get(key);
    if (inFlight !== undefined) return inFlight;

    const request = this.#freshToken(scheme, repo, scopes, key).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, request);
    return request;
  }

  async #freshToken(
    { realm, service }: Scheme & { type: 'bearer' },
    repo: RepositoryRef,
    scopes: readonly string[],
    key: string,
  ): Promise<Token> {
    const credentials = await this.#credentialsFor(repo);
    // This client cannot renew it: its file is read again when the registry refuses it.
    if (credentials?.registryToken !== undefined) return { value: credentials.registryToken, staleAt: 0 };
    const query = { realm, scopes, service };
    const token = await this.#requestToken(query, credentials, repo);
    this.#tokens.delete(key);
    this.#tokens.set(key, token);
    dropOldest(this.#tokens, maxEntries);
    return token;
  }

  #credentialsFor({ repository, name }: RepositoryRef): Promise<RegistryCredentials | undefined> {
    return this.#credentials(this.#host, repository, name);
  }
}

function basicKey({ name = '', repository }: RepositoryRef): string {
  return `${name} ${repository}`;
}

export function basicAuthorization({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** The scopes that a request on a repository needs; the first matters most (some servers read only that one). */
export function repositoryScopes(
  repository: string,
  actions: 'pull' | 'pull,push',
  mountFrom?: string,
): readonly string[] {
  const own = `repository:${repository}:${actions}`;
  return mountFrom === undefined ? [own] : [own, `repository:${mountFrom}:pull`];
}

function cacheKey({ name = '' }: RepositoryRef, scopes: readonly string[]): string {
  return [name, ...[...scopes].sort()].join(' ');
}

/**
 * The scopes of a request and those that its challenge names: other actions on the same repository (Azure's scope maps
 * require `metadata_read` for a list of tags), and the repository by another name (a path prefix).
 */
function withChallenged(scopes: readonly string[], challenged = ''): readonly string[] {
  const named = challenged.split(' ').filter((scope) => scope !== '');
  const own = scopes.map((scope) => {
    const same = named.filter((other) => scopeName(other) === scopeName(scope));
    const actions = new Set([scope, ...same].flatMap(scopeActions));
    return `${scopeName(scope)}:${[...actions].join(',')}`;
  });
  const names = new Set(scopes.map(scopeName));
  return [...own, ...named.filter((scope) => !names.has(scopeName(scope)))];
}

function scopeActions(scope: string): readonly string[] {
  return scope
    .slice(scope.lastIndexOf(':') + 1)
    .split(',')
    .filter((action) => action !== '');
}

function scopeName(scope: string): string {
  return scope.slice(0, scope.lastIndexOf(':'));
}
