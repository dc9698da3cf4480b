import { Webhook } from 'standardwebhooks';

import { startPlatform, textAt } from './platform-server.js';
import type { Platform, PlatformAnswer, PlatformOptions, PlatformRequest } from './platform-server.js';

export interface WebhookOptions extends PlatformOptions {
  /** `whsec_…`; without one nothing is verified. */
  readonly secret?: string;
}

const required = ['specversion', 'id', 'source', 'type', 'time', 'data'] as const;

/** A program that receives CloudEvents with the signature of Standard Webhooks, verified by their own library. */
export async function startWebhook(options: WebhookOptions = {}): Promise<Platform> {
  return await startPlatform('/hooks/ferry?token=hook-token', (request) => answerOf(request, options), options);
}

function answerOf({ headers, body, fields }: PlatformRequest, { secret }: WebhookOptions): PlatformAnswer {
  if (secret !== undefined) {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
    } catch (error) {
      return refusal(401, error instanceof Error ? error.message : String(error));
    }
  }
  if (headers['content-type']?.startsWith('application/cloudevents+json') !== true)
    return refusal(415, 'a CloudEvent is expected');
  const missing = required.find((name) => fields[name] === undefined);
  if (missing !== undefined) return refusal(422, `the attribute ${missing} is missing`);
  if (fields['id'] !== headers['webhook-id']) return refusal(422, 'the IDs of the event and of the message differ');
  return { status: 204, body: '', isAccepted: true, text: textAt(fields, 'data', 'title'), id: textAt(fields, 'id') };
}

function refusal(status: number, body: string): PlatformAnswer {
  return { status, body, isAccepted: false };
}
