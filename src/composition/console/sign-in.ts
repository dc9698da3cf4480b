import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ProxyRules } from '@image-ferry/registry';

import type { SignInConfig } from '../../config/sign-in-settings.js';
import { errorMessage } from '../../domain/error-message.js';
import type { ServerLog } from '../../server/server-work.js';
import type { SignInSettings } from '../../server/v1/v1-api.js';
import { proxiedFetch } from '../proxied-fetch.js';

/** `ferry up` sets it for its server: the token of the link that it prints. */
export const linkTokenVariable = 'FERRY_SIGN_IN_TOKEN';

const keyFile = 'session.key';
/** Holds the hash of the last token that was used. */
const usedFile = 'sign-in-link.used';

export interface SignInPlace {
  readonly dataDir: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Of the requests to the provider of OpenID Connect; absent: none. */
  readonly proxies?: ProxyRules | undefined;
  readonly log: ServerLog;
}

/** The settings of sign-ins, with the key that signs sessions and the token of the link. */
export function signInSettings(
  { viewTokens, basePath, publicUrl, sessionSecret, oidc, byLink }: SignInConfig,
  { dataDir, variables, proxies, log }: SignInPlace,
): Omit<SignInSettings, 'apiTokens' | 'endedSessions'> {
  const token = byLink ? variables[linkTokenVariable] : undefined;
  return {
    viewTokens,
    basePath,
    publicUrl: publicUrl === undefined ? undefined : new URL(publicUrl),
    sessionSecret: sessionSecret ?? sessionKey(dataDir, log),
    oidc:
      oidc === undefined ? undefined : { ...oidc, fetch: proxies === undefined ? undefined : proxiedFetch(proxies) },
    byLink,
    linkToken: token === undefined || wasUsed(token, dataDir) ? undefined : token,
    onLinkUsed() {
      if (token !== undefined) writeFileSync(join(dataDir, usedFile), hashOf(token), { mode: 0o600 });
    },
  };
}

/** A server that was restarted gets the same token again. */
function wasUsed(token: string, dataDir: string): boolean {
  try {
    return readFileSync(join(dataDir, usedFile), 'utf8') === hashOf(token);
  } catch {
    return false;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The key of the data folder, made at first use: sessions survive a restart. */
function sessionKey(dataDir: string, log: ServerLog): string {
  const path = join(dataDir, keyFile);
  const made = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(made, randomBytes(32).toString('hex'), { mode: 0o600 });
    // Another server of this folder may make it at the same time: the first one wins, with a complete file.
    linkSync(made, path);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) {
      log.warn({ reason: errorMessage(error) }, 'sessions end with this process: its key cannot be kept');
      return randomBytes(32).toString('hex');
    }
  } finally {
    rmSync(made, { force: true });
  }
  return readFileSync(path, 'utf8');
}
