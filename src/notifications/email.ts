import { isIP } from 'node:net';

import { createTransport } from 'nodemailer';

import { errorMessage } from '../domain/error-message.js';
import { visibleText } from '../domain/visible-text.js';
import type { OutgoingMessage, SendResult, Sender, SenderOptions } from './sender.js';

const timeoutMs = 15_000;
/** A server that goes on answering without an end. */
const longestMs = 60_000;

/** A mail server. Every attempt carries the same Message-ID, so that mail programs show a repetition once. */
export function emailSender({ channel }: SenderOptions): Sender {
  return async (message, signal) => {
    const address = new URL(channel.address());
    const { from = '', to = [] } = channel.mail ?? {};
    const transport = createTransport({
      host: address.hostname.replace(/^\[|\]$/g, ''),
      port: Number(address.port) || (address.protocol === 'smtps:' ? 465 : 587),
      secure: address.protocol === 'smtps:',
      // A server that does not offer TLS gets no password and no mail, unless it is on this machine.
      requireTLS: address.protocol === 'smtp:' && !isLocal(address.hostname),
      ignoreTLS: isLocal(address.hostname) && address.protocol === 'smtp:',
      ...(address.username === ''
        ? {}
        : { auth: { user: decodeURIComponent(address.username), pass: decodeURIComponent(address.password) } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    });
    const limit = AbortSignal.timeout(longestMs);
    try {
      const mail = { from, to: [...to], ...mailOf(message), signal: AbortSignal.any([signal, limit]) };
      const { response, rejected } = await transport.sendMail(mail);
      if (rejected.length === 0) return { outcome: 'sent', answer: visibleText(response) };
      // Another attempt would reach the others twice.
      const left = rejected.map(String).join(', ');
      return { outcome: 'refused', isFinal: true, answer: visibleText(`delivered, but not to ${left}: ${response}`) };
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) {
        return { outcome: 'failed', answer: `${channel.host} did not take the mail within ${longestMs / 1_000} s` };
      }
      return resultOf(error, channel.host);
    } finally {
      transport.close();
    }
  };
}

function mailOf({ id, title, lines, at }: OutgoingMessage) {
  const text = lines.map(({ text: words, href }) => (href === undefined ? words : `${words}: ${href}`)).join('\n\n');
  return {
    messageId: `<${id}@image-ferry>`,
    date: new Date(at),
    subject: visibleText(title),
    text: `${title}\n\n${text}\n`,
    headers: { 'auto-submitted': 'auto-generated' },
  };
}

/** SMTP's 4yz answers are temporary, its 5yz answers are final (RFC 5321, 4.2.1). */
function resultOf(error: unknown, host: string): SendResult {
  const details: { readonly responseCode?: unknown; readonly response?: unknown } =
    typeof error === 'object' && error !== null ? error : {};
  const { responseCode, response } = details;
  if (typeof responseCode !== 'number') {
    return { outcome: 'failed', answer: visibleText(`could not reach ${host}: ${errorMessage(error)}`) };
  }
  const answer = visibleText(typeof response === 'string' ? response : errorMessage(error)).slice(0, 500);
  return { outcome: responseCode >= 500 ? 'refused' : 'failed', answer };
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
