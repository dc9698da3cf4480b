import { randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { selfSignedCertificate } from '../../demo/self-signed-certificate.js';
import { answer, readAll } from './scripted-registry.js';

export type Action = 'pull' | 'push';

export interface Account {
  readonly password: string;
  /** What the account may do with a repository. */
  readonly rights: (repository: string) => readonly Action[];
}

export interface GivenToken {
  /** '' for an anonymous request. */
  readonly user: string;
  readonly grant: 'basic' | 'refresh_token';
  readonly scopes: readonly string[];
  readonly token: string;
}

/**
 * A token service as registries trust it: signs what it grants (distribution's "Token Authentication Implementation").
 * If a request exceeds the permissions of the account, the token has fewer, as the specification says.
 */
export class TokenServer {
  readonly given: GivenToken[] = [];
  readonly accounts = new Map<string, Account>();
  /** Identity tokens, with the user of each. */
  readonly identities = new Map<string, string>();
  /** How long the registry accepts a new token, in seconds from now. The announced lifetime is always five minutes. */
  lifeSeconds = 300;
  readonly #certificate = selfSignedCertificate();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<TokenServer> {
    const server = new TokenServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** For the registry that has to trust it. */
  get trust() {
    const { port } = this.#server.address() as AddressInfo;
    const realm = `http://localhost:${port}/token`;
    return { realm, service: 'test registry', issuer: 'test tokens', signedBy: this.#certificate.cert };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', this.trust.realm);
    const form = new URLSearchParams((await readAll(request)).toString());
    const isRefresh = request.method === 'POST';
    const user = isRefresh ? this.identities.get(form.get('refresh_token') ?? '') : this.#userOf(request);
    if (user === undefined) {
      answer(response, 401);
      return;
    }
    const scopes = isRefresh ? (form.get('scope') ?? '').split(' ') : searchParams.getAll('scope');
    const token = this.#sign(user, scopes);
    this.given.push({ user, grant: isRefresh ? 'refresh_token' : 'basic', scopes, token });
    const body = { [isRefresh ? 'access_token' : 'token']: token, expires_in: 300 };
    answer(response, 200, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(body)));
  }

  /** '' without credentials, undefined with wrong ones. */
  #userOf({ headers }: IncomingMessage): string | undefined {
    if (headers.authorization === undefined) return '';
    const login = Buffer.from(headers.authorization.replace(/^Basic /, ''), 'base64').toString();
    const colon = login.indexOf(':');
    const [user, password] = [login.slice(0, colon), login.slice(colon + 1)];
    return this.accounts.get(user)?.password === password ? user : undefined;
  }

  #sign(user: string, scopes: readonly string[]): string {
    const { cert, key } = this.#certificate;
    const now = Math.floor(Date.now() / 1000);
    const x5c = [cert.replace(/-----[^-]+-----|\s/g, '')];
    const access = scopes.map((scope) => {
      const [type = '', name = '', asked = ''] = scope.split(':');
      const rights = this.accounts.get(user)?.rights(name) ?? [];
      return { type, name, actions: asked.split(',').filter((action) => rights.some((right) => right === action)) };
    });
    const { service, issuer } = this.trust;
    const claims = {
      iss: issuer,
      sub: user,
      aud: service,
      jti: randomBytes(8).toString('hex'),
      iat: now - 600,
      nbf: now - 600,
      exp: now + this.lifeSeconds,
      access,
    };
    const parts = [{ typ: 'JWT', alg: 'ES256', x5c }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const signature = sign('sha256', Buffer.from(parts.join('.')), { key, dsaEncoding: 'ieee-p1363' });
    return `${parts.join('.')}.${signature.toString('base64url')}`;
  }
}
