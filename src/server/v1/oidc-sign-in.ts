import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import * as openid from 'openid-client';
import * as z from 'zod';

import { errorMessage } from '../../domain/error-message.js';
import type { ServerLog } from '../server-work.js';
import type { Caller } from './caller.js';
import { printUrlJson, readUrlJson } from './url-json.js';

/** A provider of OpenID Connect, and whom it lets in. */
export interface OidcProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string | undefined;
  readonly scope: string;
  /** Claim that lists the groups of a user, in the ID token or in what the provider says of the user. */
  readonly groupsClaim: string;
  /** `*`: everybody whom the provider signs in. */
  readonly readerGroups: readonly string[];
  readonly operatorGroups: readonly string[];
  /** Sends the requests to the provider; default: Node's. */
  readonly fetch?: typeof fetch | undefined;
}

export interface OidcSignInOptions {
  readonly provider: OidcProvider;
  /** As it is registered with the provider. */
  readonly redirectUri: string;
  /** Signs the cookie of a sign-in that has begun. */
  readonly secret: string;
  readonly isSecure: boolean;
  readonly log: ServerLog;
}

/** Why a sign-in did not work, for the page that shows it. */
export type OidcFault = 'unavailable' | 'refused' | 'not-allowed' | 'expired';

/** Signs in by OpenID Connect: authorization code with PKCE. */
export interface OidcSignIn {
  /** The provider's page, or why it cannot be asked. */
  begin(context: Context): Promise<URL | OidcFault>;
  /** The caller that the provider signed in, from its redirect. */
  finish(context: Context): Promise<Caller | OidcFault>;
}

const cookieName = 'ferry-sign-in';
const finishedWithinSeconds = 600;
const longestName = 100;

const Begun = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), until: z.int() });

export function createOidcSignIn({ provider, redirectUri, secret, isSecure, log }: OidcSignInOptions): OidcSignIn {
  const { scope } = provider;
  const cookie = { path: new URL(redirectUri).pathname, secure: isSecure, httpOnly: true, sameSite: 'Lax' } as const;
  let discovered: Promise<openid.Configuration> | undefined;

  return {
    async begin(context) {
      const configuration = await discover();
      if (configuration === undefined) return 'unavailable';
      const verifier = openid.randomPKCECodeVerifier();
      const [state, nonce] = [openid.randomState(), openid.randomNonce()];
      const until = Date.now() + finishedWithinSeconds * 1_000;
      const begun = printUrlJson({ state, nonce, verifier, until });
      await setSignedCookie(context, cookieName, begun, secret, { ...cookie, maxAge: finishedWithinSeconds });
      return openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
    },
    async finish(context) {
      const begun = Begun.safeParse(readUrlJson((await getSignedCookie(context, secret, cookieName)) || ''));
      deleteCookie(context, cookieName, cookie);
      if (!begun.success || begun.data.until < Date.now()) return 'expired';
      const configuration = await discover();
      if (configuration === undefined) return 'unavailable';
      try {
        const url = new URL(redirectUri);
        url.search = new URL(context.req.url).search;
        const { state, nonce, verifier } = begun.data;
        const tokens = await openid.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        return (await callerOf(configuration, tokens)) ?? 'not-allowed';
      } catch (error) {
        log.warn({ reason: errorMessage(error) }, 'sign-in by OpenID Connect refused');
        return 'refused';
      }
    },
  };

  async function discover(): Promise<openid.Configuration | undefined> {
    const asked = (discovered ??= configurationOf(provider));
    try {
      return await asked;
    } catch (error) {
      // The next sign-in asks again.
      discovered = undefined;
      log.warn({ issuer: provider.issuer, reason: errorMessage(error) }, 'the OpenID Connect provider cannot be asked');
      return undefined;
    }
  }

  async function callerOf(
    configuration: openid.Configuration,
    tokens: Awaited<ReturnType<typeof openid.authorizationCodeGrant>>,
  ): Promise<Caller | undefined> {
    const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
    const subject = String(claims['sub']);
    const isWhole = claims[provider.groupsClaim] !== undefined && nameOf(claims) !== undefined;
    const canAsk = configuration.serverMetadata().userinfo_endpoint !== undefined;
    const more = isWhole || !canAsk ? {} : await openid.fetchUserInfo(configuration, tokens.access_token, subject);
    const all: Readonly<Record<string, unknown>> = { ...more, ...claims };
    const role = roleOf(all[provider.groupsClaim], provider);
    return role === undefined ? undefined : { role, name: (nameOf(all) ?? subject).slice(0, longestName), way: 'oidc' };
  }
}

async function configurationOf(provider: OidcProvider): Promise<openid.Configuration> {
  const { issuer, clientId, clientSecret, fetch: send } = provider;
  const isPlain = new URL(issuer).protocol === 'http:';
  return await openid.discovery(
    new URL(issuer),
    clientId,
    clientSecret,
    clientSecret === undefined ? openid.None() : openid.ClientSecretBasic(clientSecret),
    {
      // The issuer is the operator's choice; providers on the same machine have no certificate.
      ...(isPlain ? { execute: [openid.allowInsecureRequests] } : {}),
      ...(send === undefined ? {} : { [openid.customFetch]: send as openid.CustomFetch }),
    },
  );
}

function roleOf(
  claim: unknown,
  { operatorGroups, readerGroups }: Pick<OidcProvider, 'operatorGroups' | 'readerGroups'>,
): Caller['role'] | undefined {
  const groups = ['*', ...[claim].flat().filter((group) => typeof group === 'string')];
  if (operatorGroups.some((group) => groups.includes(group))) return 'operator';
  return readerGroups.some((group) => groups.includes(group)) ? 'reader' : undefined;
}

function nameOf(claims: Readonly<Record<string, unknown>>): string | undefined {
  const names = [claims['preferred_username'], claims['email'], claims['name']];
  return names.find((name): name is string => typeof name === 'string' && name !== '');
}
