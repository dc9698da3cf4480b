import type { Language } from '../domain/notifications/notification.js';
import { fitted } from './fit.js';
import { afterThrottle } from './platform-answers.js';
import { addressOf, inWords, post } from './post.js';
import type { OutgoingMessage, Sender, SenderOptions } from './sender.js';
import { feishuSignature } from './signatures.js';

const longestBody = 20_000;
const longestTitle = 400;
/** Room for time and signature. */
const signatureBytes = 200;
/** Too many messages, of this robot or of all of them. */
const throttledCodes: ReadonlySet<unknown> = new Set([9_499, 11_232]);
const penaltyMs = 60_000;

/** A custom bot of a Feishu or Lark group. */
export function feishuSender(options: SenderOptions): Sender {
  return async (message, signal) => {
    const secret = options.channel.secret?.();
    const seconds = Math.floor(options.clock() / 1_000);
    const signed = secret === undefined ? {} : { timestamp: String(seconds), sign: feishuSignature(secret, seconds) };
    const body = JSON.stringify({ ...signed, ...feishuBody(message, options.channel.language) });
    const posted = await post(options, { url: addressOf(options), body }, signal);
    if ('result' in posted) return afterThrottle(posted.result, penaltyMs);
    const { fields, status } = posted.answer;
    // Answers of older bots have StatusCode alone.
    const code = fields['code'] ?? fields['StatusCode'];
    const answer = inWords(posted.answer);
    if (status === 200 && code === 0) return { outcome: 'sent', answer };
    if (throttledCodes.has(code)) return { outcome: 'throttled', answer, retryAfterMs: penaltyMs };
    return { outcome: 'refused', answer };
  };
}

/** The body without its signature; with it at most 20,000 bytes. */
function feishuBody(message: OutgoingMessage, language: Language): object {
  const key = language === 'zh-CN' ? 'zh_cn' : 'en_us';
  return fitted(message, {
    longest: longestBody - signatureBytes,
    longestTitle,
    make: (title, lines) => ({
      msg_type: 'post',
      content: { post: { [key]: { title, content: lines.map((line) => [elementOf(line)]) } } },
    }),
    measured: (body) => JSON.stringify(body),
    written: (line) => `,${JSON.stringify([elementOf(line)])}`,
  });
}

function elementOf({ text, href }: OutgoingMessage['lines'][number]): object {
  return href === undefined ? { tag: 'text', text } : { tag: 'a', text, href };
}
