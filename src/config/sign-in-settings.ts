import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { readOidc } from './oidc-settings.js';
import type { OidcSettings } from './oidc-settings.js';
import { listOf } from './variable-values.js';

/** The ways to sign in to the console, and where browsers reach it. */
export interface SignInConfig {
  /** Tokens of readers. */
  readonly viewTokens: readonly string[];
  /** Prefix of all paths, such as `/ferry`; '' for none. */
  readonly basePath: string;
  /** Where browsers reach the server, without a slash at its end; absent: at the host that they name. */
  readonly publicUrl?: string | undefined;
  /** Signs sessions; absent: a key in the data folder. */
  readonly sessionSecret?: string | undefined;
  readonly oidc?: OidcSettings | undefined;
  /** Nothing is configured and only this machine reaches the server: `ferry up` prints a link to sign in. */
  readonly byLink: boolean;
}

const shortestSecret = 32;

/** Reads the settings; errors are added to `errors`. */
export function readSignIn(
  environment: Environment,
  { apiTokens, isLocal }: { readonly apiTokens: readonly string[]; readonly isLocal: boolean },
  errors: ConfigErrors,
): SignInConfig {
  const value = (name: string): string | undefined => errors.try(() => environment.value(name));
  const viewTokens = listOf(value('FERRY_VIEW_TOKEN'));
  assertTokens('FERRY_VIEW_TOKEN', viewTokens, errors);
  if (viewTokens.some((token) => apiTokens.includes(token))) {
    errors.add('FERRY_VIEW_TOKEN contains a token of FERRY_API_TOKEN: a token is for a reader or for an operator');
  }
  const sessionSecret = value('FERRY_SESSION_SECRET');
  if (sessionSecret !== undefined && sessionSecret.length < shortestSecret) {
    errors.add(
      `FERRY_SESSION_SECRET has ${sessionSecret.length} characters: use at least ${shortestSecret}, such as the output of "openssl rand -hex 32"`,
    );
  }
  const publicUrl = readPublicUrl(value('FERRY_PUBLIC_URL'), errors);
  const basePath = readBasePath(value('FERRY_BASE_PATH'), publicUrl, errors);
  const oidc = readOidc(environment, publicUrl, errors);
  return {
    viewTokens,
    basePath,
    publicUrl: publicUrl === undefined ? undefined : `${publicUrl.origin}${basePath}`,
    sessionSecret,
    oidc,
    byLink: isLocal && apiTokens.length + viewTokens.length === 0 && oidc === undefined,
  };
}

/** What the Authorization header can carry (RFC 6750): no other token would ever match. */
export function assertTokens(name: string, tokens: readonly string[], errors: ConfigErrors): void {
  if (tokens.every((token) => /^[\w.~+/-]+=*$/.test(token))) return;
  errors.add(`${name} contains a character that is not allowed in a bearer token: use letters, digits and - . _ ~ + /`);
}

function readPublicUrl(text: string | undefined, errors: ConfigErrors): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.search === '' && url.hash === '' && url.username === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  errors.add(`FERRY_PUBLIC_URL is "${text.slice(0, 80)}": expected a URL such as https://ferry.example.com`);
  return undefined;
}

/** The path of `FERRY_PUBLIC_URL` is the default. */
function readBasePath(text: string | undefined, publicUrl: URL | undefined, errors: ConfigErrors): string {
  const ofUrl = publicUrl?.pathname.replace(/\/+$/, '') ?? '';
  if (text === undefined) return ofUrl;
  const path = `/${text.replace(/^\/+|\/+$/g, '')}`.replace(/^\/$/, '');
  if (!/^(?:\/[\w.~-]+)*$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    errors.add(`FERRY_BASE_PATH is "${text.slice(0, 80)}": expected a path such as /ferry`);
    return '';
  }
  if (ofUrl !== '' && ofUrl !== path) {
    errors.add(`FERRY_BASE_PATH is "${path}", but the path of FERRY_PUBLIC_URL is "${ofUrl}": unset one of them`);
  }
  return path;
}
