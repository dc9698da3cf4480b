import { createHmac } from 'node:crypto';

import { startPlatform } from './platform-server.js';
import type { Platform, PlatformAnswer, PlatformOptions, PlatformRequest } from './platform-server.js';
import { RateRule } from './rate-rule.js';

export interface FeishuOptions extends PlatformOptions {
  readonly secret?: string;
  readonly keywords?: readonly string[];
}

const minuteMs = 60_000;
const hourSeconds = 3_600;
const longestBody = 20_000;

/** A Feishu bot: 5 messages a second and 100 a minute, none at the full and the half hour, 20 KB. */
export async function startFeishu(
  options: FeishuOptions = {},
): Promise<Platform & { readonly rates: readonly RateRule[] }> {
  const { factor = 1 } = options;
  const rates = [
    new RateRule({ count: 5, perMs: 1_000 * factor }),
    new RateRule({ count: 100, perMs: minuteMs * factor }),
  ];
  const platform = await startPlatform(
    '/open-apis/bot/v2/hook/feishu-id',
    (request) => answerOf(request, options, rates),
    options,
  );
  return Object.assign(platform, { rates });
}

function answerOf(
  { url, fields, body, at }: PlatformRequest,
  { secret, keywords = [] }: FeishuOptions,
  rates: readonly RateRule[],
): PlatformAnswer {
  if (!url.pathname.endsWith('/feishu-id'))
    return refusal(19_001, 'param invalid: incoming webhook access token invalid');
  if (Buffer.byteLength(body) > longestBody) return refusal(19_002, 'params error, the request body is too large');
  if (secret !== undefined) {
    const { timestamp, sign } = fields;
    const signed = createHmac('sha256', `${String(timestamp)}\n${secret}`)
      .update('')
      .digest('base64');
    if (typeof timestamp !== 'string' || Math.abs(at / 1_000 - Number(timestamp)) > hourSeconds || sign !== signed) {
      return refusal(19_021, 'sign match fail or timestamp is not within one hour from current time');
    }
  }
  const post: unknown =
    typeof fields['content'] === 'object' && fields['content'] !== null
      ? Object.values(fields['content'])[0]
      : undefined;
  if (fields['msg_type'] !== 'post' || typeof post !== 'object' || post === null)
    return refusal(19_002, 'params error, msg_type need');
  const text = JSON.stringify(Object.values(post)[0]);
  if (keywords.length > 0 && !keywords.some((word) => text.includes(word)))
    return refusal(19_024, 'Key Words Not Found');
  if (Math.floor(at / minuteMs) % 30 === 0)
    return refusal(11_232, 'frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]');
  if (!rates.every((rate) => rate.take(at))) return refusal(9_499, 'too many request');
  return { status: 200, body: '{"code":0,"msg":"success","data":{}}', isAccepted: true, text };
}

function refusal(code: number, msg: string): PlatformAnswer {
  return { status: 200, body: JSON.stringify({ code, msg, data: {} }), isAccepted: false };
}
