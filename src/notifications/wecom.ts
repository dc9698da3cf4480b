import { markdownLine } from './dingtalk.js';
import { chatMarkdown, fitted } from './fit.js';
import { afterThrottle, errcodeResult } from './platform-answers.js';
import { addressOf, post } from './post.js';
import type { OutgoingMessage, Sender, SenderOptions } from './sender.js';

/** Bytes of the Markdown text: a longer one is refused with 40058. */
const longestContent = 4_096;
const longestTitle = 400;
/** 20 messages a minute, and too many at once. */
const throttledCodes: ReadonlySet<unknown> = new Set([45_009, 45_033]);
const penaltyMs = 60_000;

/** A message push of a WeCom group: its key in the address is the only secret. */
export function weComSender(options: SenderOptions): Sender {
  return async (message, signal) => {
    const body = JSON.stringify({ msgtype: 'markdown', markdown: { content: weComContent(message) } });
    const posted = await post(options, { url: addressOf(options), body }, signal);
    if ('result' in posted) return afterThrottle(posted.result, penaltyMs);
    return errcodeResult(posted.answer, { throttledCodes, penaltyMs });
  };
}

/** The Markdown text of a message, at most 4,096 bytes. */
function weComContent(message: OutgoingMessage): string {
  return fitted(message, {
    longest: longestContent,
    longestTitle,
    make: (title, lines) => [`**${chatMarkdown(title)}**`, ...lines.map(markdownLine)].join('\n'),
    measured: (content) => content,
    written: (line) => `\n${markdownLine(line)}`,
  });
}
