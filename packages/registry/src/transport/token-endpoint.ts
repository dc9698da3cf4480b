import type { RegistryCredentials } from '../client-options.js';
import { parseBoundedJson } from '../oci/bounded-json.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { basicAuthorization } from './authorization.js';
import type { Token } from './authorization.js';
import { exchange } from './exchange.js';
import type { AnswerHead } from './exchange.js';
import { networkFault } from './network-fault.js';
import { observed } from './observed-request.js';
import { printUrl } from './redaction.js';
import { maxRedirects, redirectTarget, tooManyRedirects } from './redirect-rules.js';
import type { RegistryHost } from './registry-host.js';
import { BodyTooLarge, readBody } from './response-body.js';
import { readDiagnostics, responseFault, saidBy } from './response-fault.js';
import { retrying } from './retrying.js';

const clientId = 'image-ferry';
/** In characters: servers accept no longer field, and many tokens are kept. */
const maxTokenCharacters = 32 * 1024;
const bodyLimitBytes = 1024 * 1024;
/** Some token servers are one weak host for a whole cloud (ACR's): transport errors are retried longer. */
const maxAttempts = 5;
const defaultLifetimeMs = 60_000;
const renewalMarginMs = 60_000;

interface TokenQuery {
  readonly realm: string;
  readonly service?: string | undefined;
  readonly scopes: readonly string[];
}

/**
 * Requests a token from a realm (distribution's token and OAuth2 token specifications).
 *
 * @throws RegistryFault `unauthorized` when the credentials are refused; never falls back to anonymous then, because
 *   that would silently spend the anonymous allowance
 */
export async function requestToken(
  host: RegistryHost,
  query: TokenQuery,
  credentials: RegistryCredentials | undefined,
  repo: RepositoryRef,
): Promise<Token> {
  const realm = await realmUrl(host, query.realm, repo);
  return retrying(
    async () => {
      if (credentials?.identityToken === undefined) return askByGet(host, realm, query, credentials, repo);
      const granted = await askByPost(host, realm, query, credentials.identityToken, repo);
      if (granted !== undefined) return granted;
      const asPassword = { username: '<token>', password: credentials.identityToken };
      return askByGet(host, realm, query, asPassword, repo);
    },
    { attempts: maxAttempts, timing: host.timing },
  );
}

async function askByGet(
  host: RegistryHost,
  realm: URL,
  { service, scopes }: TokenQuery,
  credentials: RegistryCredentials | undefined,
  repo: RepositoryRef,
): Promise<Token> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.append('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.append('client_id', clientId);
  if (credentials !== undefined) url.searchParams.append('account', credentials.username);
  const headers = credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };

  const { status, body, movedTo, fault } = await ask(host, url, { method: 'GET', headers }, repo);
  if (status === 200) return readToken(body, repo, realm);
  if (status === 401 || status === 403 || status === 400) {
    throw new RegistryFault(
      refusal(realm, status, { withCredentials: credentials !== undefined, movedTo, said: saidBy(body) }),
      {
        repo,
        status,
        resource: 'token',
        code: 'unauthorized',
        decision: 'block',
        diagnostics: readDiagnostics(body),
      },
    );
  }
  throw fault();
}

/** @returns undefined if this realm has no OAuth2 endpoint */
async function askByPost(
  host: RegistryHost,
  realm: URL,
  { service, scopes }: TokenQuery,
  identityToken: string,
  repo: RepositoryRef,
): Promise<Token | undefined> {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, refresh_token: identityToken });
  if (service !== undefined) form.set('service', service);
  form.set('scope', scopes.join(' '));
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };

  const { status, body, fault } = await ask(host, realm, { method: 'POST', headers, form: form.toString() }, repo);
  if (status === 200) return readToken(body, repo, realm);
  // Such a redirect turns POST into GET, which is the other way to request a token.
  if ([301, 302, 303, 400, 404, 405].includes(status)) return undefined;
  if (status === 401 || status === 403) {
    throw new RegistryFault(refusal(realm, status, { withCredentials: true, movedTo: undefined, said: saidBy(body) }), {
      repo,
      status,
      resource: 'token',
      code: 'unauthorized',
      decision: 'block',
    });
  }
  throw fault();
}

interface TokenRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly form?: string;
}

interface TokenAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** The origin that answered, if a redirect chose another one; user and password were not sent to it. */
  readonly movedTo: string | undefined;
  readonly fault: () => RegistryFault;
}

/** Follows redirects; user and password, and a form with a secret, go to the realm's own origin alone. */
async function ask(host: RegistryHost, first: URL, request: TokenRequest, repo: RepositoryRef): Promise<TokenAnswer> {
  let url = first;
  let hasCrossed = false;
  for (let hops = 0; ; hops++) {
    const response = await askOnce(host, url, hasCrossed ? withoutAuthorization(request) : request, repo);
    const what = `${request.method} ${printUrl(url)} (its token service)`;
    const described = { repo, method: request.method, resource: 'token', what, url } as const;
    const next: URL | undefined = redirectTarget(host, described, url, response);
    const isRunningElsewhere: boolean = hasCrossed || (next !== undefined && next.origin !== first.origin);
    if (next !== undefined && !(isRunningElsewhere && request.form !== undefined)) {
      if (hops === maxRedirects) throw tooManyRedirects(described);
      url = next;
      hasCrossed = isRunningElsewhere;
      continue;
    }
    const { statusCode: status = 0, body } = response;
    const movedTo = hasCrossed ? url.origin : undefined;
    return { status, body, movedTo, fault: () => responseFault(response, body, described) };
  }
}

function withoutAuthorization({ headers, ...request }: TokenRequest): TokenRequest {
  const { authorization: _ofTheRealm, ...others } = headers;
  return { ...request, headers: others };
}

async function askOnce(
  host: RegistryHost,
  url: URL,
  { method, headers, form }: TokenRequest,
  repo: RepositoryRef,
): Promise<AnswerHead & { readonly body: Buffer }> {
  const { timing, userAgent } = host;
  const content = form === undefined ? undefined : Buffer.from(form, 'utf8');
  try {
    const options = {
      method,
      headers: {
        'user-agent': userAgent,
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...headers,
        ...(content === undefined ? {} : { 'content-length': String(content.length) }),
      },
      network: host.network(url, url.origin === (await host.base(repo)).origin),
      connectMs: timing.connectMs,
      answerMs: timing.answerMs,
      body: content,
    };
    const facts = { method, resource: 'token', side: repo.side } as const;
    const response = await observed(host, facts, url, async () => await exchange(url, options));
    const limits = { limitBytes: bodyLimitBytes, idleMs: timing.idleMs };
    const body = await host.bodies.forBody(
      undefined,
      async (budget) => await readBody(response, { ...limits, budget }),
    );
    const { statusCode = 0, headers: fields } = response;
    return { statusCode, headers: fields, body };
  } catch (error) {
    if (error instanceof BodyTooLarge) throw endlessToken(repo, url, error);
    throw networkFault(error, repo, url);
  }
}

function endlessToken(repo: RepositoryRef, url: URL, { message }: BodyTooLarge): RegistryFault {
  const said = `its token service ${printUrl(url)} answered with ${message}, which is no token`;
  return new RegistryFault(said, { repo, code: 'protocol', decision: 'block' });
}

/** A realm may be anywhere, but credentials go there only over TLS, unless the registry itself is plain HTTP. */
async function realmUrl(host: RegistryHost, realm: string, repo: RepositoryRef): Promise<URL> {
  const base = await host.base(repo);
  if (!URL.canParse(realm, base.href)) {
    throw new RegistryFault(`it names a token service that is not a URL: "${realm.slice(0, 100)}"`, {
      repo,
      code: 'protocol',
      decision: 'block',
    });
  }
  const url = new URL(realm, base);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && base.protocol === 'http:')) return url;
  throw new RegistryFault(`it names a token service without TLS (${printUrl(url)}); nothing was sent there`, {
    repo,
    code: 'protocol',
    decision: 'block',
  });
}

function readToken(body: Buffer, repo: RepositoryRef, realm: URL): Token {
  const fault = (): RegistryFault =>
    new RegistryFault(`its token service ${printUrl(realm)} answered 200 without a token in it`, {
      repo,
      code: 'protocol',
      decision: 'retry',
    });
  let answer: unknown;
  try {
    answer = parseBoundedJson(body.toString('utf8'));
  } catch {
    throw fault();
  }
  if (typeof answer !== 'object' || answer === null) throw fault();
  const { token, access_token: accessToken, expires_in: expiresIn } = answer as Readonly<Record<string, unknown>>;
  const value = typeof token === 'string' && token !== '' ? token : accessToken;
  if (typeof value !== 'string' || value === '' || value.length > maxTokenCharacters || /[^\x20-\x7e]/.test(value))
    throw fault();

  const lifeMs = typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn * 1000 : defaultLifetimeMs;
  // Renewed a minute early. A token with hardly a longer life is used for half of it: better than never.
  return { value, staleAt: Date.now() + (lifeMs > 2 * renewalMarginMs ? lifeMs - renewalMarginMs : lifeMs / 2) };
}

function refusal(
  realm: URL,
  status: number,
  {
    withCredentials,
    movedTo,
    said,
  }: { readonly withCredentials: boolean; readonly movedTo: string | undefined; readonly said: string },
): string {
  const service = printUrl(realm);
  const answered = said === '' ? String(status) : `${status}: ${said}`;
  if (withCredentials && movedTo !== undefined) {
    return `its token service ${service} redirects to ${movedTo}, which answered ${status}; the user and password were not sent there, because it is another origin`;
  }
  return withCredentials
    ? `its token service ${service} refused the user and password (${answered}); check both, and that they are for this registry`
    : `its token service ${service} gives no anonymous token (${answered}); the repository is private or does not exist: give a user and password`;
}
