import { createHmac } from 'node:crypto';

import { startPlatform, textAt } from './platform-server.js';
import type { Platform, PlatformAnswer, PlatformOptions, PlatformRequest } from './platform-server.js';
import { RateRule } from './rate-rule.js';

export interface DingTalkOptions extends PlatformOptions {
  /** `SEC…`: messages must be signed. */
  readonly secret?: string;
  readonly keywords?: readonly string[];
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const longestBody = 20_000;

/** A DingTalk robot: every answer is HTTP 200, and 20 messages a minute are the limit; one more costs ten minutes. */
export async function startDingTalk(options: DingTalkOptions = {}): Promise<Platform & { readonly rate: RateRule }> {
  const { factor = 1 } = options;
  const rate = new RateRule({ count: 20, perMs: minuteMs * factor, penaltyMs: 10 * minuteMs * factor });
  const platform = await startPlatform(
    '/robot/send?access_token=ding-token',
    (request) => answerOf(request, options, rate),
    options,
  );
  return Object.assign(platform, { rate });
}

function answerOf(
  request: PlatformRequest,
  { secret, keywords = [] }: DingTalkOptions,
  rate: RateRule,
): PlatformAnswer {
  const { url, body, fields, at } = request;
  if (url.searchParams.get('access_token') !== 'ding-token') return refusal(300_005, 'token is not exist');
  if (secret !== undefined) {
    const timestamp = url.searchParams.get('timestamp') ?? '';
    const signed = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
    if (Math.abs(at - Number(timestamp)) > hourMs) return refusal(310_000, 'invalid timestamp');
    if (url.searchParams.get('sign') !== signed) return refusal(310_000, 'sign not match');
  }
  const title = textAt(fields, 'markdown', 'title');
  const text = textAt(fields, 'markdown', 'text');
  if (fields['msgtype'] !== 'markdown' || title === undefined || text === undefined)
    return refusal(40_035, 'param error');
  if (Buffer.byteLength(body) > longestBody) return refusal(460_101, 'message too long, exceed 20000 bytes');
  if (keywords.length > 0 && !keywords.some((word) => title.includes(word) || text.includes(word))) {
    return refusal(310_000, 'keywords not in content');
  }
  if (!rate.take(at)) return refusal(130_101, 'send too fast, exceed 20 times per minute');
  return { status: 200, body: '{"errcode":0,"errmsg":"ok"}', isAccepted: true, text };
}

function refusal(errcode: number, errmsg: string): PlatformAnswer {
  return { status: 200, body: JSON.stringify({ errcode, errmsg }), isAccepted: false };
}
