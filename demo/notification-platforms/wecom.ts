import { startPlatform, textAt } from './platform-server.js';
import type { Platform, PlatformAnswer, PlatformOptions, PlatformRequest } from './platform-server.js';
import { RateRule } from './rate-rule.js';

const minuteMs = 60_000;
const longest = { markdown: 4_096, text: 2_048 } as const;

/** A message push of WeCom: the key is the secret; 4,096 bytes of Markdown, 20 messages a minute. */
export async function startWeCom(options: PlatformOptions = {}): Promise<Platform & { readonly rate: RateRule }> {
  const { factor = 1 } = options;
  const rate = new RateRule({ count: 20, perMs: minuteMs * factor });
  const platform = await startPlatform(
    '/cgi-bin/webhook/send?key=wecom-key',
    (request) => answerOf(request, rate),
    options,
  );
  return Object.assign(platform, { rate });
}

function answerOf({ url, fields, at }: PlatformRequest, rate: RateRule): PlatformAnswer {
  if (url.searchParams.get('key') !== 'wecom-key') return refusal(93_000, 'invalid webhook url');
  const kind = fields['msgtype'];
  if (kind !== 'markdown' && kind !== 'text') return refusal(40_008, 'invalid message type');
  const content = textAt(fields, kind, 'content');
  if (content === undefined || content === '') return refusal(44_004, 'empty content');
  if (Buffer.byteLength(content) > longest[kind]) {
    return refusal(40_058, `${kind}.content exceed max length ${longest[kind]}. invalid Request Parameter`);
  }
  if (!rate.take(at)) return refusal(45_009, 'api freq out of limit');
  return { status: 200, body: '{"errcode":0,"errmsg":"ok"}', isAccepted: true, text: content };
}

function refusal(errcode: number, errmsg: string): PlatformAnswer {
  return { status: 200, body: JSON.stringify({ errcode, errmsg }), isAccepted: false };
}
