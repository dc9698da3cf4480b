import { addressOf, inWords, post } from './post.js';
import type { OutgoingMessage, Sender, SenderOptions } from './sender.js';
import { webhookSignature } from './signatures.js';

/**
 * Any program: a CloudEvent as JSON (structured mode), with the headers and the signature of Standard Webhooks. Receivers
 * ignore an ID that they know.
 */
export function webhookSender(options: SenderOptions): Sender {
  return async (message, signal) => {
    const body = cloudEvent(message, options.source);
    const seconds = Math.floor(options.clock() / 1_000);
    const secrets = options.channel.secret?.();
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': message.id,
      'webhook-timestamp': String(seconds),
      ...(secrets === undefined
        ? {}
        : { 'webhook-signature': webhookSignature(secrets, { id: message.id, seconds, body }) }),
    };
    const posted = await post(options, { url: addressOf(options), body, headers }, signal);
    if ('result' in posted) return posted.result;
    const { status } = posted.answer;
    return { outcome: status >= 200 && status < 300 ? 'sent' : 'refused', answer: inWords(posted.answer) };
  };
}

/** The same text for every attempt: a repetition is recognized by its ID, or by comparing it. */
function cloudEvent({ id, kind, title, lines, facts, at }: OutgoingMessage, source: string): string {
  const phase = 'phase' in facts ? `.${facts.phase}` : '';
  const text = lines.map((line) => line.href ?? line.text).join('\n');
  return JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type: `io.image-ferry.${kind}${phase}`,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data: { title, text, ...facts },
  });
}
