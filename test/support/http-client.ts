import { createHmac } from 'node:crypto';

export interface BlobUploadTask {
  readonly event: string;
  readonly payload: unknown;
  readonly secret: string;
  readonly id?: string;
  /** Sent instead of the right one. */
  readonly signature?: string;
  /** Sent instead of the payload's text, after signing. */
  readonly body?: string;
  readonly contentType?: string;
}

export function signatureOf(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Sends what GitHub sends. */
export async function deliver(url: string, delivery: BlobUploadTask): Promise<Response> {
  const { event, payload, secret, id = 'delivery-1', contentType = 'application/json' } = delivery;
  const text = JSON.stringify(payload);
  return await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': contentType,
      'x-github-event': event,
      'x-github-delivery': id,
      'x-hub-signature-256': delivery.signature ?? signatureOf(secret, text),
    },
    body: delivery.body ?? text,
  });
}
