import { fitted } from './fit.js';
import { addressOf, inWords, post } from './post.js';
import type { OutgoingMessage, Sender, SenderOptions } from './sender.js';

/** Slack limits the text of a block to 3,000 characters. */
const longestText = 3_000;
const longestTitle = 400;

/** An incoming webhook of Slack. */
export function slackSender(options: SenderOptions): Sender {
  return async (message, signal) => {
    const posted = await post(options, { url: addressOf(options), body: slackBody(message) }, signal);
    if ('result' in posted) return posted.result;
    const { status, text } = posted.answer;
    const isSent = status === 200 && text === 'ok';
    return { outcome: isSent ? 'sent' : 'refused', answer: inWords(posted.answer) };
  };
}

/** The body of a message; the text of its block has at most 3,000 bytes. */
function slackBody(message: OutgoingMessage): string {
  const text = fitted(message, {
    longest: longestText,
    longestTitle,
    make: (title, lines) => [`*${escaped(title)}*`, ...lines.map(lineOf)].join('\n'),
    measured: (made) => made,
    written: (line) => `\n${lineOf(line)}`,
  });
  return JSON.stringify({
    text: escaped(message.title),
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }],
  });
}

function lineOf({ text, href }: OutgoingMessage['lines'][number]): string {
  return href === undefined ? escaped(text) : `<${href}|${escaped(text)}>`;
}

/** The three characters that Slack gives a meaning (api.slack.com/reference/surfaces/formatting). */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
