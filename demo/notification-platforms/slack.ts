import { startPlatform } from './platform-server.js';
import type { Platform, PlatformAnswer, PlatformOptions, PlatformRequest } from './platform-server.js';
import { RateRule } from './rate-rule.js';

const path = '/services/T000/B000/slack-token';
const longestText = 3_000;

/** An incoming webhook of Slack: one message a second, 3,000 characters a block, plain-text answers. */
export async function startSlack(options: PlatformOptions = {}): Promise<Platform & { readonly rate: RateRule }> {
  const { factor = 1 } = options;
  const rate = new RateRule({ count: 1, perMs: 1_000 * factor });
  const platform = await startPlatform(path, (request) => answerOf(request, rate), options);
  return Object.assign(platform, { rate });
}

function answerOf({ url, fields, at }: PlatformRequest, rate: RateRule): PlatformAnswer {
  if (url.pathname !== path) return { status: 404, body: 'no_service', isAccepted: false };
  const { text, blocks } = fields;
  if (typeof text !== 'string' || text === '') return { status: 400, body: 'no_text', isAccepted: false };
  if (!Array.isArray(blocks) || !blocks.every(isBlock))
    return { status: 400, body: 'invalid_blocks', isAccepted: false };
  if (!rate.take(at)) {
    const seconds = Math.max(1, Math.ceil(rate.waitMs(at) / 1_000));
    return { status: 429, body: 'rate_limited', headers: { 'retry-after': String(seconds) }, isAccepted: false };
  }
  return {
    status: 200,
    body: 'ok',
    isAccepted: true,
    text: blocks.map(({ text: { text: words } }) => words).join('\n'),
  };
}

function isBlock(block: unknown): block is { readonly text: { readonly text: string } } {
  if (typeof block !== 'object' || block === null || !('text' in block)) return false;
  const { text } = block;
  const words = typeof text === 'object' && text !== null && 'text' in text ? text.text : undefined;
  return typeof words === 'string' && words.length <= longestText;
}
