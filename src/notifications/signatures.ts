/** Signatures of the platforms. Times are given by the caller: each of them refuses an old one. */
import { createHmac } from 'node:crypto';

import { InvalidInput } from '../domain/ferry-error.js';

/**
 * DingTalk: HMAC-SHA256 of `TIMESTAMP\nSECRET` with the secret as its key.
 *
 * @param at UTC milliseconds
 * @returns base64, for the query of the address after percent-encoding
 */
export function dingTalkSignature(secret: string, at: number): string {
  return createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64');
}

/**
 * Feishu and Lark: HMAC-SHA256 of nothing, with `TIMESTAMP\nSECRET` as its key.
 *
 * @param seconds UTC seconds
 */
export function feishuSignature(secret: string, seconds: number): string {
  return createHmac('sha256', `${seconds}\n${secret}`).digest('base64');
}

/**
 * Standard Webhooks: HMAC-SHA256 of `ID.TIMESTAMP.BODY`, one signature for each secret, so that a secret can be replaced
 * while receivers know the old one.
 *
 * @param secrets one or several `whsec_…`, separated by blanks
 * @param seconds UTC seconds
 * @returns value of the header `webhook-signature`
 */
export function webhookSignature(
  secrets: string,
  { id, seconds, body }: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  return webhookKeys(secrets)
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`)
    .join(' ');
}

/** @throws InvalidInput without the secret, if it has another form */
export function webhookKeys(secrets: string): readonly Buffer[] {
  return secrets
    .trim()
    .split(/\s+/)
    .map((secret) => {
      const encoded = secret.replace(/^whsec_/, '');
      const key = Buffer.from(encoded, 'base64');
      // Node ignores what is not base64.
      const isWhole = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
      if (isWhole && key.length >= 24 && key.length <= 64) return key;
      throw new InvalidInput(
        'the secret of a webhook must be whsec_ and 24 to 64 bytes in base64: create one with "openssl rand -base64 32"',
        'configuration',
      );
    });
}
