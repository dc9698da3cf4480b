import { chatMarkdown, fitted } from './fit.js';
import { afterThrottle, errcodeResult } from './platform-answers.js';
import { addressOf, post } from './post.js';
import type { OutgoingMessage, Sender, SenderOptions } from './sender.js';
import { dingTalkSignature } from './signatures.js';

const longestBody = 20_000;
const longestTitle = 400;
/** Too many messages; the robot is silent for ten minutes then. */
const throttledCodes: ReadonlySet<unknown> = new Set([130_101, 410_100]);
const penaltyMs = 10 * 60_000;

/** A robot of a DingTalk group. */
export function dingTalkSender(options: SenderOptions): Sender {
  return async (message, signal) => {
    const url = addressOf(options);
    const secret = options.channel.secret?.();
    if (secret !== undefined) {
      const at = options.clock();
      url.searchParams.set('timestamp', String(at));
      url.searchParams.set('sign', dingTalkSignature(secret, at));
    }
    const posted = await post(options, { url, body: dingTalkBody(message) }, signal);
    if ('result' in posted) return afterThrottle(posted.result, penaltyMs);
    return errcodeResult(posted.answer, { throttledCodes, penaltyMs });
  };
}

/** The body of a message, at most 20,000 bytes. */
function dingTalkBody(message: OutgoingMessage): string {
  return fitted(message, {
    longest: longestBody,
    longestTitle,
    make: (title, lines) => {
      const text = [`#### ${chatMarkdown(title)}`, ...lines.map(markdownLine)].join('\n\n');
      return JSON.stringify({ msgtype: 'markdown', markdown: { title, text } });
    },
    measured: (body) => body,
    written: (line) => JSON.stringify(`\n\n${markdownLine(line)}`).slice(1, -1),
  });
}

export function markdownLine({ text, href }: OutgoingMessage['lines'][number]): string {
  return href === undefined ? chatMarkdown(text) : `[${chatMarkdown(text)}](${href})`;
}
