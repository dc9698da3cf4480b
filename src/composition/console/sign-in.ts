import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SignInConfig } from '../../config/sign-in-settings.js';
import { errorMessage } from '../../domain/error-message.js';
import type { ServerLog } from '../../server/server-work.js';
import type { SignInSettings } from '../../server/v1/v1-api.js';

const keyFile = 'session.key';

/** The settings of sign-ins, with the key that signs sessions and the token of the link. */
export function signInSettings(
  { viewTokens, basePath, publicUrl, sessionSecret, byLink }: SignInConfig,
  dataDir: string,
  log: ServerLog,
): Omit<SignInSettings, 'apiTokens'> {
  return {
    viewTokens,
    basePath,
    publicUrl: publicUrl === undefined ? undefined : new URL(publicUrl),
    sessionSecret: sessionSecret ?? sessionKey(dataDir, log),
    linkToken: byLink ? randomBytes(24).toString('base64url') : undefined,
  };
}

/** The key of the data folder, made at first use: sessions survive a restart. */
function sessionKey(dataDir: string, log: ServerLog): string {
  const path = join(dataDir, keyFile);
  try {
    mkdirSync(dataDir, { recursive: true });
    // Another server of this folder may make it at the same time: one of them wins.
    writeFileSync(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) {
      log.warn(
        { reason: errorMessage(error) },
        'sessions end with this process: no key can be kept in the data folder',
      );
      return randomBytes(32).toString('hex');
    }
  }
  return readFileSync(path, 'utf8');
}
