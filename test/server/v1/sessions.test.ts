import { afterEach, beforeEach, expect, test } from 'vitest';

import { refusal } from '../../../src/server/problems.js';
import { apiToken, cookieOf, signIn, startConsoleStage, viewToken } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

let stage: ConsoleStage;
beforeEach(async () => {
  stage = await startConsoleStage();
});
afterEach(async () => await stage.clear());

const withCookie = async (
  path: string,
  cookie: string,
  { headers, ...init }: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> => await fetch(`${stage.server.url}${path}`, { ...init, headers: { cookie, ...headers } });
const json = { 'content-type': 'application/json' };
const run = { method: 'POST', body: '{}' };

test('a session that begins with a token survives a restart of the server, and ends by signing out', async () => {
  const cookie = await signIn(stage.server);
  await stage.restart();

  const session = await withCookie('/api/v1/session', cookie);
  const out = await withCookie('/api/v1/session', cookie, { method: 'DELETE', headers: { origin: stage.server.url } });

  expect(await session.json()).toEqual({ role: 'operator', name: 'operator', way: 'token' });
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toMatch(/^ferry-session=; Max-Age=0/);
});

test('the cookie of a session that was signed out is refused, also after a restart, and other sessions go on', async () => {
  const [cookie, other] = [await signIn(stage.server), await signIn(stage.server)];
  const before = await withCookie('/api/v1/images', cookie);
  await withCookie('/api/v1/session', cookie, { method: 'DELETE', headers: { origin: stage.server.url } });

  const after = await withCookie('/api/v1/images', cookie);
  await stage.restart();
  const restarted = await withCookie('/api/v1/images', cookie);

  expect([before.status, after.status, restarted.status]).toEqual([200, 401, 401]);
  expect((await withCookie('/api/v1/images', other)).status).toBe(200);
});

test('a sign-out that cannot be recorded says so, and the session goes on', async () => {
  const fault = async (): Promise<never> => {
    throw refusal(503, 'the session could not be ended, sign out again later');
  };
  const broken = await startConsoleStage({ signIn: { endedSessions: { hasEnded: async () => false, end: fault } } });
  const cookie = await signIn(broken.server);
  const ask = async (init: RequestInit = {}): Promise<Response> =>
    await fetch(`${broken.server.url}/api/v1/session`, { ...init, headers: { cookie, origin: broken.server.url } });

  const out = await ask({ method: 'DELETE' });
  const session = await ask();
  await broken.clear();

  expect([out.status, out.headers.get('set-cookie'), session.status]).toEqual([503, null, 200]);
});

test('the cookie of a session is out of reach for scripts and other sites', async () => {
  const response = await stage.call('/api/v1/session', {
    json: { token: apiToken },
    token: '',
    headers: { origin: stage.server.url },
  });

  expect(response.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(response.headers.get('set-cookie')).not.toContain(apiToken);
});

test('without a session the answer names the ways to sign in', async () => {
  const response = await fetch(`${stage.server.url}/api/v1/session`);

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ ways: ['token'] });
});

test.each(['forged', 'cut off', 'of another key'])('a cookie that is %s is no session', async (kind) => {
  const cookie = await signIn(stage.server);
  const [value = '', signature = ''] = decodeURIComponent(cookie.replace('ferry-session=', '')).split('.');
  const other = await startConsoleStage({ signIn: { sessionSecret: 'another secret that signs sessions' } });
  const forged = Buffer.from(JSON.stringify({ role: 'operator', name: 'me', way: 'link', until: 9e15 }));
  const cookies: Readonly<Record<string, string>> = {
    forged: `ferry-session=${encodeURIComponent(`${forged.toString('base64url')}.${signature}`)}`,
    'cut off': `ferry-session=${encodeURIComponent(value)}`,
    'of another key': await signIn(other.server),
  };
  await other.clear();

  expect((await withCookie('/api/v1/images', cookies[kind] ?? '')).status).toBe(401);
});

test('a session ends when its token is no longer valid', async () => {
  const cookie = await signIn(stage.server, viewToken);
  const without = await startConsoleStage({ signIn: { viewTokens: ['another-reader'] } });

  const response = await fetch(`${without.server.url}/api/v1/session`, { headers: { cookie } });
  await without.clear();

  expect((await withCookie('/api/v1/session', cookie)).status).toBe(200);
  expect(response.status).toBe(401);
});

test('a reader sees everything, and is refused every change', async () => {
  const cookie = await signIn(stage.server, viewToken);
  const own = { origin: stage.server.url, ...json };
  const changes: readonly (readonly [string, string, unknown])[] = [
    ['POST', '/images/actions', { action: 'retry', images: ['nginx'] }],
    ['POST', '/images/preview', { action: 'retry', images: ['nginx'] }],
    ['POST', '/add', { text: 'nginx' }],
    ['POST', '/runs', {}],
    ['DELETE', '/runs/current', undefined],
    ['POST', '/upstreams/dify/check', {}],
    ['POST', '/schedules/sync-all/pause', {}],
    ['POST', '/targets/aliyun/check', undefined],
  ];

  const answers = await Promise.all(
    changes.map(async ([method, path, body]) => {
      const sent = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const bySession = await withCookie(`/api/v1${path}`, cookie, { ...sent, headers: own });
      const byToken = await stage.call(`/api/v1${path}`, { ...sent, token: viewToken, headers: json });
      return [bySession.status, byToken.status];
    }),
  );

  expect(answers).toEqual(changes.map(() => [403, 403]));
  expect((await withCookie('/api/v1/images', cookie)).status).toBe(200);
  expect(stage.syncs).toEqual([]);
});

test.each([
  ['another origin', { origin: 'https://evil.example' }],
  ['another port', { origin: 'http://127.0.0.1:1' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
  ['no page at all', {}],
] as const)('a change with a cookie from %s is refused', async (_name, headers) => {
  const cookie = await signIn(stage.server);

  expect((await withCookie('/api/v1/runs', cookie, { ...run, headers: { ...json, ...headers } })).status).toBe(403);
});

test('failed sign-ins are rate limited, and a right token waits with them', async () => {
  const attempt = async (token: string) =>
    await stage.call('/api/v1/session', { json: { token }, token: '', headers: { origin: stage.server.url } });
  const statuses: number[] = [];
  for (let number = 0; number < 12; number += 1) statuses.push((await attempt(`wrong-${number}`)).status);
  const right = await attempt(apiToken);

  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  expect(right.status).toBe(429);
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('the link of ferry up signs in once', async () => {
  let used = 0;
  const linked = await startConsoleStage({
    withoutSecrets: true,
    signIn: { byLink: true, linkToken: 'once', onLinkUsed: () => void (used += 1) },
  });
  const open = async (token: string) =>
    await fetch(`${linked.server.url}/api/v1/session/link?token=${token}`, { redirect: 'manual' });

  const wrong = await open('wrong');
  const first = await open('once');
  const second = await open('once');
  const session = await fetch(`${linked.server.url}/api/v1/session`, { headers: { cookie: cookieOf(first) } });
  await linked.clear();

  expect([wrong.status, first.status, second.status]).toEqual([401, 303, 401]);
  expect(first.headers.get('location')).toBe('/');
  expect(first.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await session.json()).toEqual({ role: 'operator', name: 'local user', way: 'link' });
  expect(used).toBe(1);
});

test('everything works below a path, with the cookie for that path alone', async () => {
  const below = await startConsoleStage({
    signIn: { basePath: '/ferry', publicUrl: new URL('https://team.example/ferry') },
  });
  const url = below.server.url;
  const signedIn = await fetch(`${url}/ferry/api/v1/session`, {
    method: 'POST',
    headers: { ...json, origin: 'https://team.example' },
    body: JSON.stringify({ token: apiToken }),
  });
  const other = await fetch(`${url}/ferry/api/v1/session`, {
    method: 'POST',
    headers: { ...json, origin: url },
    body: JSON.stringify({ token: apiToken }),
  });
  const images = await fetch(`${url}/ferry/api/v1/images`, { headers: { cookie: cookieOf(signedIn) } });
  const root = await fetch(`${url}/ferry`, { redirect: 'manual' });
  await below.clear();

  expect(signedIn.headers.get('set-cookie')).toMatch(/; Path=\/ferry; HttpOnly; Secure; SameSite=Lax$/);
  expect([signedIn.status, other.status, images.status]).toEqual([200, 403, 200]);
  expect([root.status, root.headers.get('location')]).toEqual([308, '/ferry/']);
});
