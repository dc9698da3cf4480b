import { createServer } from 'node:net';

import { afterEach, expect, test, vi } from 'vitest';

import { startDingTalk } from '../../demo/notification-platforms/dingtalk.js';
import { startFeishu } from '../../demo/notification-platforms/feishu.js';
import { startMailServer } from '../../demo/notification-platforms/mail-server.js';
import { startSlack } from '../../demo/notification-platforms/slack.js';
import { startWebhook } from '../../demo/notification-platforms/webhook.js';
import { startWeCom } from '../../demo/notification-platforms/wecom.js';
import type { ChannelKind } from '../../src/domain/notifications/notification.js';
import type { NotificationChannel } from '../../src/domain/notifications/settings.js';
import { createSender } from '../../src/notifications/create-sender.js';
import type { OutgoingMessage, SendResult } from '../../src/notifications/sender.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Starts a stand-in that ends with the test. */
async function started<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const standIn = await starting;
  stops.push(async () => await standIn.stop());
  return standIn;
}

interface Sending {
  readonly secret?: string;
  readonly message?: Partial<OutgoingMessage>;
  readonly at?: number;
  readonly to?: readonly string[];
}

async function send(kind: ChannelKind, url: string, { secret, message, at, to }: Sending = {}): Promise<SendResult> {
  const channel: NotificationChannel = {
    name: 'ops',
    kind,
    language: 'zh-CN',
    kinds: [],
    timezone: 'UTC',
    limits: [],
    host: new URL(url).host,
    address: () => url,
    secret: secret === undefined ? undefined : () => secret,
    mail: { from: 'ferry@example.com', to: to ?? ['ops@example.com'] },
  };
  const sender = createSender({ channel, fetch, source: 'https://ferry.example.com', clock: () => at ?? Date.now() });
  const outgoing: OutgoingMessage = {
    id: 'msg_1',
    kind: 'test',
    title: '目标仓库 aliyun 无法访问：3 个镜像',
    lines: [{ text: '原因：unreachable' }, { text: '详情', href: 'https://ferry.example.com/targets' }],
    facts: { about: 'test', channel: 'ops', by: 'me' },
    at: 1_764_400_000_000,
    ...message,
  };
  return await sender(outgoing, new AbortController().signal);
}

/** Longer than every platform takes: Chinese, emoji of several code points, and what is escaped. */
const long = {
  title: '镜'.repeat(600),
  lines: [
    ...Array.from({ length: 400 }, (_, number) => ({ text: `${number} <b>[x](http://evil)</b> & 👩‍👩‍👧‍👦 镜像`.repeat(4) })),
    { text: '详情', href: 'https://ferry.example.com/images?code=unreachable' },
  ],
};
const halfHour = Date.parse('2026-11-29T10:30:10Z');
const between = Date.parse('2026-11-29T10:17:10Z');

test('DingTalk accepts a signed message, and refuses a wrong signature, an old one and a missing keyword with its own words', async () => {
  const robot = await started(startDingTalk({ secret: 'SECabc', keywords: ['镜像'] }));

  expect(await send('dingtalk', robot.url, { secret: 'SECabc' })).toMatchObject({ outcome: 'sent' });
  expect(robot.accepted[0]?.text).toBe(
    '#### 目标仓库 aliyun 无法访问：3 个镜像\n\n原因：unreachable\n\n[详情](https://ferry.example.com/targets)',
  );
  expect(await send('dingtalk', robot.url, { secret: 'SECother' })).toMatchObject({
    outcome: 'refused',
    answer: 'HTTP 200: {"errcode":310000,"errmsg":"sign not match"}',
  });
  expect(await send('dingtalk', robot.url, { secret: 'SECabc', at: Date.now() - 3_700_000 })).toMatchObject({
    outcome: 'refused',
    answer: expect.stringContaining('invalid timestamp') as string,
  });
  const other = { title: 'x', lines: [] };
  expect(await send('dingtalk', robot.url, { secret: 'SECabc', message: other })).toMatchObject({
    outcome: 'refused',
    answer: expect.stringContaining('keywords not in content') as string,
  });
  expect(await send('dingtalk', robot.url.replace('ding-token', 'no'), { secret: 'SECabc' })).toMatchObject({
    outcome: 'refused',
  });
});

test('the 21st message of a minute to DingTalk is throttled, and the channel rests for ten minutes', async () => {
  const robot = await started(startDingTalk());
  const results: SendResult[] = [];

  for (let left = 21; left > 0; left -= 1) results.push(await send('dingtalk', robot.url));

  expect(results.slice(0, 20).every(({ outcome }) => outcome === 'sent')).toBe(true);
  expect(results[20]).toMatchObject({ outcome: 'throttled', retryAfterMs: 600_000 });
  expect(robot.rate.violations).toBe(1);
});

test('WeCom accepts a message, refuses a wrong key, and throttles the 21st of a minute', async () => {
  const push = await started(startWeCom());
  const results: SendResult[] = [];

  for (let left = 21; left > 0; left -= 1) results.push(await send('wecom', push.url));

  expect(results[0]).toMatchObject({ outcome: 'sent' });
  expect(results[20]).toMatchObject({ outcome: 'throttled', answer: expect.stringContaining('45009') as string });
  expect(await send('wecom', push.url.replace('wecom-key', 'no'))).toMatchObject({
    outcome: 'refused',
    answer: 'HTTP 200: {"errcode":93000,"errmsg":"invalid webhook url"}',
  });
});

test('Feishu accepts a signed message, and refuses a wrong signature; at the half hour and above its limit it throttles', async () => {
  const bot = await started(startFeishu({ secret: 'fs', clock: () => between }));
  const sent = async (): Promise<SendResult> => await send('feishu', bot.url, { secret: 'fs', at: between });

  expect(await sent()).toMatchObject({ outcome: 'sent' });
  expect(await send('feishu', bot.url, { secret: 'no', at: between })).toMatchObject({
    outcome: 'refused',
    answer: expect.stringContaining('19021') as string,
  });
  for (let left = 4; left > 0; left -= 1) await sent();
  expect(await sent()).toMatchObject({ outcome: 'throttled', answer: expect.stringContaining('9499') as string });
  const busy = await started(startFeishu({ clock: () => halfHour }));
  expect(await send('feishu', busy.url)).toMatchObject({
    outcome: 'throttled',
    answer: expect.stringContaining('11232') as string,
  });
});

test('Slack accepts a message, says how long to wait, and refuses an unknown address', async () => {
  const hook = await started(startSlack());

  const first = await send('slack', hook.url, { message: { title: '<!channel> & more' } });
  const second = await send('slack', hook.url);

  expect(first).toEqual({ outcome: 'sent', answer: 'HTTP 200: ok' });
  expect(hook.accepted[0]?.text).toBe(
    '*&lt;!channel&gt; &amp; more*\n原因：unreachable\n<https://ferry.example.com/targets|详情>',
  );
  expect(second).toMatchObject({ outcome: 'throttled', retryAfterMs: 1_000 });
  expect(await send('slack', hook.url.replace('slack-token', 'no'))).toEqual({
    outcome: 'refused',
    answer: 'HTTP 404: no_service',
  });
});

test('a webhook gets a CloudEvent whose signature the library of Standard Webhooks verifies', async () => {
  const secret = `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`;
  const program = await started(startWebhook({ secret }));

  expect(await send('webhook', program.url, { secret })).toMatchObject({ outcome: 'sent' });
  expect(JSON.parse(program.accepted[0]?.request.body ?? '')).toEqual({
    specversion: '1.0',
    id: 'msg_1',
    source: 'https://ferry.example.com',
    type: 'io.image-ferry.test',
    time: '2025-11-29T07:06:40.000Z',
    datacontenttype: 'application/json',
    data: {
      title: '目标仓库 aliyun 无法访问：3 个镜像',
      text: '原因：unreachable\nhttps://ferry.example.com/targets',
      about: 'test',
      channel: 'ops',
      by: 'me',
    },
  });
  const wrong = `whsec_${Buffer.from('w'.repeat(32)).toString('base64')}`;
  expect(await send('webhook', program.url, { secret: wrong })).toEqual({
    outcome: 'refused',
    answer: 'HTTP 401: No matching signature found',
  });
  expect(await send('webhook', program.url, { secret, at: Date.now() - 400_000 })).toMatchObject({
    outcome: 'refused',
  });
});

test('a mail arrives with its Message-ID; a wrong password and an unknown recipient are refused with the words of the server', async () => {
  const mail = await started(startMailServer({ unknown: ['gone@example.com'] }));

  expect(await send('email', mail.url)).toMatchObject({
    outcome: 'sent',
    answer: expect.stringMatching(/^250 /) as string,
  });
  expect(mail.received[0]).toMatchObject({ from: 'ferry@example.com', to: ['ops@example.com'] });
  expect(mail.received[0]?.source).toContain('Message-ID: <msg_1@image-ferry>');
  const wrong = await send('email', mail.url.replace('mail-password', 'wrong-password'));
  expect(wrong).toMatchObject({ outcome: 'refused', answer: expect.stringMatching(/^535 /) as string });
  expect(wrong.answer).not.toContain('wrong-password');
  expect(await send('email', mail.url, { to: ['gone@example.com'] })).toMatchObject({ outcome: 'refused' });
  expect(await send('email', mail.url, { to: ['ops@example.com', 'gone@example.com'] })).toMatchObject({
    outcome: 'refused',
    isFinal: true,
    answer: expect.stringContaining('not to gone@example.com') as string,
  });
});

test('every platform takes a message that was too long, with the whole link at its end', async () => {
  const secret = `whsec_${Buffer.from('k'.repeat(32)).toString('base64')}`;
  const chats = [
    ['dingtalk', await started(startDingTalk())],
    ['wecom', await started(startWeCom())],
    ['feishu', await started(startFeishu({ clock: () => between }))],
    ['slack', await started(startSlack())],
    ['webhook', await started(startWebhook({ secret }))],
  ] as const;

  for (const [kind, platform] of chats) {
    expect([
      kind,
      await send(kind, platform.url, { message: long, secret: kind === 'webhook' ? secret : undefined } as Sending),
    ]).toMatchObject([kind, { outcome: 'sent' }]);
    const body = platform.accepted[0]?.request.body ?? '';
    expect(body).toContain('https://ferry.example.com/images?code=unreachable');
    expect(body).not.toContain('\ufffd');
    // A webhook has no limit.
    expect([kind, body.includes('…')]).toEqual([kind, kind !== 'webhook']);
  }
});

test('an address that does not answer, hangs up, fails or redirects is no success, and no answer contains the secret', async () => {
  const hook = await started(startWeCom());
  hook.answerNext(
    'hang-up',
    { status: 503, body: 'maintenance', headers: { 'retry-after': '120' } },
    { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/?key=wecom-key' } },
    { status: 200, body: '<html>sign in</html>' },
    { status: 200, body: '{"errcode":-1,"errmsg":"system busy"}' },
    { status: 429, body: '' },
  );
  const results: SendResult[] = [];
  for (let left = 6; left > 0; left -= 1) results.push(await send('wecom', hook.url));
  await hook.stop();
  stops.length = 0;
  results.push(await send('wecom', hook.url));

  expect(results.map(({ outcome }) => outcome)).toEqual([
    'failed',
    'failed',
    'refused',
    'refused',
    'failed',
    'throttled',
    'failed',
  ]);
  expect(results[1]).toMatchObject({ retryAfterMs: 120_000 });
  expect(results[6]?.answer).toMatch(/^could not reach 127\.0\.0\.1:\d+: /);
  expect(results.map(({ answer }) => answer).join('\n')).not.toContain('wecom-key');
});

test('an answer that repeats the address, as web servers do, is kept without the keys in it', async () => {
  const hook = await started(startWeCom());
  const { pathname, search } = new URL(hook.url);
  hook.answerNext(
    { status: 404, body: `Cannot POST ${pathname}${search}` },
    { status: 400, body: '{"errcode":40001,"errmsg":"invalid key wecom-key"}' },
  );

  const results = [await send('wecom', hook.url), await send('wecom', hook.url)];

  expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
  expect(results.map(({ answer }) => answer)).toEqual([
    expect.stringMatching(/^HTTP 404: Cannot POST …/) as string,
    'HTTP 400: {"errcode":40001,"errmsg":"invalid key …"}',
  ]);
});

test('a mail server that goes on greeting for ever is given up, and the mail has failed', async () => {
  const sockets = new Set<{ destroy(): unknown }>();
  const limit = new AbortController();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const greet = setInterval(() => socket.write('220-wait\r\n'), 20);
    socket.on('close', () => clearInterval(greet));
    setTimeout(() => limit.abort(new DOMException('late', 'TimeoutError')), 200);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);

  const result = await send('email', `smtp://127.0.0.1:${port}`);

  vi.restoreAllMocks();
  expect(result).toEqual({ outcome: 'failed', answer: `127.0.0.1:${port} did not take the mail within 60 s` });
});
