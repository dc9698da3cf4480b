import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';

import { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FerryError } from '../../src/domain/ferry-error.js';
import { deliver, signatureOf } from '../support/http-client.js';
import { apiToken, configuredUpstreams, startHttpServer, webhookSecret as secret } from '../support/http-server.js';
import type { TestHttpServer } from '../support/http-server.js';
import { RecordedWork } from '../support/recorded-work.js';

let work: RecordedWork;
let httpServer: TestHttpServer;

beforeEach(async () => {
  work = new RecordedWork();
  httpServer = await startHttpServer({ work });
});
afterEach(async () => {
  await httpServer.stop();
});

const repository = { full_name: 'team/images' };
const send = async (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  await fetch(`${httpServer.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiToken}`, ...headers },
    body,
  });
const unavailable = () => new FerryError('no server answers at 10.0.0.1:7233', { code: 'temporal', decision: 'retry' });

describe("GitHub's deliveries", () => {
  test("GitHub's published test vector is accepted as a valid signature", async () => {
    const response = await deliver(httpServer.url, {
      event: 'push',
      payload: null,
      secret,
      body: 'Hello, World!',
      signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 400, detail: 'Problems parsing JSON' });
  });

  test('a push to the branch requests a sync run with the ID of the delivery', async () => {
    const response = await deliver(httpServer.url, {
      event: 'push',
      payload: { ref: 'refs/heads/main', repository, commits: [] },
      secret,
      id: '7f0c1f2e-0000-4000-8000-000000000001',
    });

    expect(response.status).toBe(202);
    expect(work.syncs).toEqual([{ id: '7f0c1f2e-0000-4000-8000-000000000001', reason: 'push to main of team/images' }]);
  });

  test.each([
    ['a push to another branch', 'push', { ref: 'refs/heads/next', repository }],
    ['a tag of the same name', 'push', { ref: 'refs/tags/main', repository }],
    ['the end of the branch', 'push', { ref: 'refs/heads/main', deleted: true, repository }],
    ['a dispatch of another kind', 'repository_dispatch', { action: 'deploy', client_payload: {}, repository }],
    ['another event', 'issues', { action: 'opened', repository }],
  ])('the webhook delivery of %s is ignored and logged', async (_what, event, payload) => {
    const response = await deliver(httpServer.url, { event, payload, secret });

    expect([response.status, await response.json()]).toEqual([202, { delivery: 'delivery-1', ignored: true }]);
    expect(work.count).toBe(0);
    expect(httpServer.logged.join()).toContain('delivery ignored');
  });

  test("GitHub's ping is answered", async () => {
    const response = await deliver(httpServer.url, {
      event: 'ping',
      payload: { zen: 'Keep it logically awesome.' },
      secret,
    });

    expect(response.status).toBe(200);
    expect(work.count).toBe(0);
  });

  test('each kind of repository_dispatch webhook starts the work that it names', async () => {
    const dispatch = async (id: string, action: string, payload: unknown) =>
      await deliver(httpServer.url, {
        event: 'repository_dispatch',
        payload: { action, client_payload: payload, repository },
        secret,
        id,
      });

    const statuses = [
      await dispatch('a', 'add-image', { images: ['nginx:1.27'], platform: 'linux/arm64' }),
      await dispatch('b', 'sync-images', null),
      await dispatch('c', 'fetch-dify', { scope: 'release' }),
      await dispatch('d', 'fetch-xinference', {}),
    ].map(({ status }) => status);

    expect(statuses).toEqual([202, 202, 202, 202]);
    expect(work.added).toEqual([
      {
        delivery: 'a',
        input: { images: [{ image: 'nginx:1.27' }], platforms: ['linux/arm64'], requestedBy: 'webhook of team/images' },
      },
    ]);
    expect(work.syncs).toEqual([{ id: 'b', reason: 'webhook of team/images' }]);
    expect(work.fetched).toEqual([
      { delivery: 'c', request: { upstream: 'dify', scope: 'release' } },
      { delivery: 'd', request: { upstream: 'xinference' } },
    ]);
  });

  test('a webhook requests any configured upstream, by its own event type and by fetch-upstream', async () => {
    const dispatch = async (action: string, payload: unknown) =>
      await deliver(httpServer.url, {
        event: 'repository_dispatch',
        payload: { action, client_payload: payload, repository },
        secret,
      });

    const statuses = [];
    for (const upstream of configuredUpstreams) {
      statuses.push((await dispatch(`fetch-${upstream}`, null)).status);
      statuses.push((await dispatch('fetch-upstream', { name: upstream, scope: 'release' })).status);
    }

    expect(new Set(statuses)).toEqual(new Set([202]));
    expect(work.fetched.map(({ request: asked }) => asked)).toEqual(
      configuredUpstreams.flatMap((upstream) => [{ upstream }, { upstream, scope: 'release' }]),
    );
  });

  test.each([
    ['fetch-nothing', {}, 'unknown upstream "nothing"; configured: dify, xinference, my-team'],
    ['fetch-', {}, 'unknown upstream ""; configured: dify, xinference, my-team'],
    ['fetch-upstream', { name: 'nothing' }, 'unknown upstream "nothing"; configured: dify, xinference, my-team'],
    ['fetch-upstream', {}, 'name'],
    ['fetch-my-team', { scope: 'everything' }, 'scope'],
  ])('a webhook of type %s with payload %j is refused with the reason', async (action, payload, detail) => {
    const response = await deliver(httpServer.url, {
      event: 'repository_dispatch',
      payload: { action, client_payload: payload, repository },
      secret,
    });

    expect(response.status).toBe(422);
    expect(await response.text()).toContain(JSON.stringify(detail).slice(1, -1));
    expect(work.count).toBe(0);
  });

  test.each([
    ['no signature', { signature: '' }, 401],
    ['a signature of another secret', { signature: signatureOf('guess', '{}') }, 401],
    ['a SHA-1 signature', { signature: `sha1=${'a'.repeat(40)}` }, 401],
    ['a good signature with another body', { body: '{"ref":"refs/heads/main","forced":true}' }, 401],
    ['no body', { body: '' }, 401],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }, 415],
    ['an ID that is none', { id: 'a b' }, 400],
    ['no event', { event: '' }, 400],
  ])('a webhook delivery with %s starts nothing', async (_what, change, status) => {
    const response = await deliver(httpServer.url, {
      event: 'push',
      payload: { ref: 'refs/heads/main' },
      secret,
      ...change,
    });

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(work.count).toBe(0);
  });

  test('webhooks of repositories that are not configured are ignored', async () => {
    await httpServer.stop();
    httpServer = await startHttpServer({ work, repositories: ['Team/Images'] });
    const push = { ref: 'refs/heads/main' };

    await deliver(httpServer.url, { event: 'push', payload: { ...push, repository }, secret, id: 'ours' });
    await deliver(httpServer.url, {
      event: 'push',
      payload: { ...push, repository: { full_name: 'x/y' } },
      secret,
      id: 'not',
    });

    expect(work.syncs.map(({ id }) => id)).toEqual(['ours']);
  });

  test('while Temporal is away the server answers 503 with Retry-After and reveals no internal address', async () => {
    work.fault = unavailable();

    const response = await deliver(httpServer.url, { event: 'push', payload: { ref: 'refs/heads/main' }, secret });

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await response.text()).not.toContain('10.0.0.1');
  });
});

describe('the requests that callers sent to GitHub', () => {
  const quiet = (): void => undefined;
  const octokit = (auth = apiToken, path = ''): Octokit =>
    new Octokit({
      auth,
      baseUrl: `${httpServer.url}${path}`,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });

  test.each(['', '/api/v3'])("Octokit's createDispatchEvent works with only the base URL changed%s", async (path) => {
    const { status } = await octokit(apiToken, path).rest.repos.createDispatchEvent({
      owner: 'team',
      repo: 'images',
      event_type: 'add-image',
      client_payload: { image: 'nginx:1.27' },
    });

    expect(status).toBe(204);
    expect(work.added).toHaveLength(1);
    expect(work.added[0]).toMatchObject({
      delivery: expect.stringMatching(/^dispatch-/) as string,
      input: { images: [{ image: 'nginx:1.27' }], requestedBy: 'dispatch to team/images' },
    });
  });

  test.each([
    ['sync-images.yml', {}, () => work.syncs.length],
    ['sync_images.yaml', undefined, () => work.syncs.length],
    ['fetch-dify.yml', { scope: 'changed' }, () => work.fetched.length],
    ['update_xinference.yml', undefined, () => work.fetched.length],
    ['webhook.yml', { images: 'nginx:1.27 redis:7' }, () => work.added.length],
    ['fetch-my-team.yml', undefined, () => work.fetched.length],
    ['fetch_my_team.yaml', { scope: 'release' }, () => work.fetched.length],
    ['fetch-upstream.yml', { name: 'my-team', scope: 'release' }, () => work.fetched.length],
  ])("Octokit's createWorkflowDispatch works for %s", async (file, inputs, started) => {
    const { status } = await octokit().rest.actions.createWorkflowDispatch({
      owner: 'team',
      repo: 'images',
      workflow_id: file,
      ref: 'main',
      ...(inputs === undefined ? {} : { inputs }),
    });

    expect(status).toBe(204);
    expect(started()).toBe(1);
  });

  test('unknown fields of a client_payload are ignored and logged for every event', async () => {
    const payloads = {
      'add-image': { image: 'nginx:1.27', triggered_by: 'ci' },
      'sync-images': { triggered_by: 'ci' },
      'fetch-dify': { scope: 'release', triggered_by: 'ci' },
      'fetch-xinference': { triggered_by: 'ci' },
    };

    const statuses = [];
    for (const [type, payload] of Object.entries(payloads)) {
      const body = JSON.stringify({ event_type: type, client_payload: payload });
      statuses.push((await send('/repos/team/images/dispatches', body)).status);
    }

    expect(statuses).toEqual([204, 204, 204, 204]);
    expect(httpServer.logged.filter((line) => line.includes('"fields":["triggered_by"]'))).toHaveLength(4);
  });

  test('a dispatch by curl without a content type is accepted as by GitHub', async () => {
    const response = await send('/repos/team/images/dispatches', '{"event_type":"sync-images"}', {
      authorization: `token ${apiToken}`,
      'content-type': 'application/x-www-form-urlencoded',
    });

    expect(response.status).toBe(204);
    expect(work.syncs).toHaveLength(1);
  });

  test.each([
    ['user and token', `ferry:${apiToken}`],
    ['a user with a colon behind it', `:${apiToken}`],
    ['the token as the user', `${apiToken}:`],
    ['the token beside x-oauth-basic', `${apiToken}:x-oauth-basic`],
  ])('a dispatch by curl -u with %s is authenticated as by GitHub', async (_what, credentials) => {
    const authorization = `Basic ${btoa(credentials)}`;

    const dispatch = await send('/repos/team/images/dispatches', '{"event_type":"sync-images"}', { authorization });
    const refused = await send('/repos/team/images/dispatches', '{"event_type":"sync-images"}', {
      authorization: `Basic ${btoa(credentials.replace('token', 'other'))}`,
    });

    expect([dispatch.status, refused.status]).toEqual([204, 401]);
    expect(work.syncs).toHaveLength(1);
    expect(httpServer.logged.join('\n')).not.toContain(btoa(credentials));
  });

  test.each([
    ['a wrong token', 401, async () => await octokit('wrong').rest.repos.createDispatchEvent(event('sync-images'))],
    ['an unknown event', 422, async () => await octokit().rest.repos.createDispatchEvent(event('deploy'))],
    ['an unknown upstream', 422, async () => await octokit().rest.repos.createDispatchEvent(event('fetch-nothing'))],
    ['an image that is none', 422, async () => await octokit().rest.repos.createDispatchEvent(event('add-image'))],
    [
      'an unknown workflow',
      404,
      async () =>
        await octokit().rest.actions.createWorkflowDispatch({
          owner: 'team',
          repo: 'images',
          workflow_id: 'release.yml',
          ref: 'main',
        }),
    ],
    [
      'an input that a workflow does not have',
      422,
      async () =>
        await octokit().rest.actions.createWorkflowDispatch({
          owner: 'team',
          repo: 'images',
          workflow_id: 'fetch-dify.yml',
          ref: 'main',
          inputs: { scoop: 'release' },
        }),
    ],
  ])('a dispatch with %s is answered with %i, and Octokit reads the reason', async (_what, status, call) => {
    await expect(call()).rejects.toMatchObject({ status, message: expect.stringMatching(/\w+ \w+/) as string });

    expect(work.count).toBe(0);
  });

  test.each([
    ['broken JSON', '{"event_type":', {}, 400],
    ['a field that is not known', '{"event_type":"sync-images","payload":{}}', {}, 422],
    ['no event type', '{}', {}, 422],
    ['XML', '<a/>', { 'content-type': 'application/xml' }, 415],
    ['no token', '{"event_type":"sync-images"}', { authorization: '' }, 401],
    ['a token in another scheme', '{"event_type":"sync-images"}', { authorization: `Basic ${btoa(apiToken)}` }, 401],
    ['half a token', '{"event_type":"sync-images"}', { authorization: `token ${apiToken.slice(0, -1)}` }, 401],
  ])('a dispatch with %s starts nothing', async (_what, body, headers, status) => {
    const response = await send('/repos/team/images/dispatches', body, headers);

    expect(response.status).toBe(status);
    expect(work.count).toBe(0);
  });

  test('dispatches to repositories that are not configured are answered with 404', async () => {
    await httpServer.stop();
    httpServer = await startHttpServer({ work, repositories: ['team/images'] });

    const statuses = [
      await send('/repos/team/images/dispatches', '{"event_type":"sync-images"}'),
      await send('/repos/team/others/dispatches', '{"event_type":"sync-images"}'),
    ].map(({ status }) => status);

    expect(statuses).toEqual([204, 404]);
  });
});

function event(type: string) {
  return { owner: 'team', repo: 'images', event_type: type, client_payload: { imgae: 'nginx' } };
}

describe('POST /api/images', () => {
  test('POST /api/images responds with the outcome of each reference', async () => {
    work.result = {
      images: [{ asked: 'nginx', image: 'docker.io/library/nginx:latest', platform: 'linux/amd64', outcome: 'added' }],
      syncRequested: true,
      repeated: false,
    };

    const response = await send('/api/images', '{"images":["nginx"]}', { 'idempotency-key': 'order-7' });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ delivery: 'api-order-7', ...work.result });
  });

  test('POST /api/images rejects an Idempotency-Key that was already used for other images', async () => {
    const answer = { platform: 'linux/amd64', outcome: 'added' } as const;
    work.result = {
      images: [
        { asked: 'nginx', image: 'docker.io/library/nginx:latest', ...answer },
        { asked: 'nginx', image: 'docker.io/library/nginx:latest', ...answer, platform: 'linux/arm64' },
      ],
      syncRequested: true,
      repeated: false,
    };
    const key = { 'idempotency-key': 'order-7' };

    const same = await send('/api/images', '["nginx", "nginx"]', key);
    const other = await send('/api/images', '["redis"]', key);
    const more = await send('/api/images', '["nginx", "redis"]', key);

    expect([same.status, other.status, more.status]).toEqual([200, 422, 422]);
    expect(await other.json()).toMatchObject({
      detail: expect.stringContaining('"order-7" was already used for other images'),
    });
  });

  test('POST /api/images ignores unknown fields, returns their names and logs them', async () => {
    const response = await send('/api/images', '{"images":["nginx"],"force":true}');

    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ accepted: true, ignored: ['force'] });
    expect(work.added[0]?.input.images).toEqual([{ image: 'nginx' }]);
    expect(httpServer.logged.join('\n')).toContain('"fields":["force"]');
  });

  test('POST /api/images reports an invalid entry with its reason and requests the others', async () => {
    await send('/api/images', '{"images":["nginx:1.27 linux/arm64", null]}');

    expect(work.added[0]?.input.images).toEqual([
      { image: 'nginx:1.27', platforms: ['linux/arm64'] },
      { image: 'null', refused: 'at images[1]: expected an image, got null' },
    ]);
  });

  test('POST /api/images answers 202 when Temporal has accepted it and no worker answers in time', async () => {
    const response = await send('/api/images', '["nginx"]');

    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ accepted: true });
  });

  test.each([
    ['no token', '{"images":["nginx"]}', { authorization: '' }, 401],
    ['a form', 'images=nginx', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text', '{"images":["nginx"]}', { 'content-type': 'text/plain' }, 415],
    ['broken JSON', '{', {}, 400],
    ['a slip in a field', '{"images":["nginx"],"platfroms":["linux/arm64"]}', {}, 422],
    ['a rename', '{"images":["gcr.io/a/b:1 -> mirror/b:1"]}', {}, 422],
    ['501 images', JSON.stringify(Array.from({ length: 501 }, (_, n) => `app:${n}`)), {}, 422],
    ['a bad key', '["nginx"]', { 'idempotency-key': '../../x' }, 400],
  ])('POST /api/images with %s starts nothing', async (_what, body, headers, status) => {
    const response = await send('/api/images', body, headers);

    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(work.count).toBe(0);
  });
});

describe('what protects the server', () => {
  test.each(['/webhooks/github', '/api/images', '/repos/team/images/dispatches'])(
    'a body over 1 MB is rejected at %s with and without Content-Length',
    async (path) => {
      const body = JSON.stringify({ images: ['x'.repeat(1024 * 1024)] });

      const said = await send(path, body);
      const unsaid = await sendInParts(path, body);

      expect([said.status, unsaid]).toEqual([413, 413]);
      expect(work.count).toBe(0);
    },
  );

  test('a sender that reads only after writing its whole body still receives the reason for its rejection', async () => {
    const answer = await readAfterWriting('/api/images', 4 * 1024 * 1024);

    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('the body is longer than 1048576 bytes');
  });

  test('a body that is announced as very large is rejected at once', async () => {
    const answer = await readAfterWriting('/api/images', 65_536, 99_999_999_999);

    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*connection: close/i);
  });

  test('a token that exceeds the rate limit receives Retry-After, and other tokens are not affected', async () => {
    await httpServer.stop();
    httpServer = await startHttpServer({ work, requestsPerMinute: 3 });
    const ask = async (token: string) =>
      await send('/repos/team/images/dispatches', '{"event_type":"sync-images"}', { authorization: `Bearer ${token}` });

    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push(await ask(apiToken));
    const other = await ask('another-token');

    expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204, 429]);
    expect(Number(statuses[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(other.status).toBe(204);
  });

  test('without secrets all requests are rejected, and the response names the variable that is not set', async () => {
    await httpServer.stop();
    httpServer = await startHttpServer({ work, withoutSecrets: true });

    const webhook = await deliver(httpServer.url, { event: 'push', payload: { ref: 'refs/heads/main' }, secret });
    const api = await send('/api/images', '["nginx"]');

    expect([webhook.status, api.status]).toEqual([401, 401]);
    expect(await webhook.text()).toContain('FERRY_WEBHOOK_SECRET');
    expect(await api.text()).toContain('FERRY_API_TOKEN');
    expect(work.count).toBe(0);
  });

  test('no secret, token, signature or address reaches the log', async () => {
    const hidden = 'sw0rdfish-in-the-address';
    await deliver(httpServer.url, { event: 'push', payload: { ref: 'refs/heads/main', token: 'in-the-body' }, secret });
    await send(`/api/images?token=${hidden}`, '{"images":["https://user:pass-of-mine@host/x"]}');
    await send(`/${hidden}`, '{}', { authorization: 'Bearer wrong-token-of-mine' });
    await deliver(httpServer.url, {
      event: 'push',
      payload: {},
      secret: 'wrong-secret',
      signature: `sha256=${'b'.repeat(64)}`,
    });

    const log = httpServer.logged.join('\n');

    expect(httpServer.logged.length).toBeGreaterThan(4);
    for (const text of [
      secret,
      apiToken,
      hidden,
      'in-the-body',
      'pass-of-mine',
      'wrong-token',
      'b'.repeat(64),
      'sha256=',
    ]) {
      expect(log).not.toContain(text);
    }
  });

  test('an unknown address is answered with a JSON problem', async () => {
    const response = await fetch(`${httpServer.url}/nothing`);

    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });
});

test('a sender that disconnects during its request is not logged as an error', async () => {
  const sending = request(`${httpServer.url}/webhooks/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  });
  sending.on('error', () => undefined);
  sending.write('{"ref":');
  await new Promise((resolve) => sending.once('socket', (socket) => socket.once('connect', resolve)));
  // A response to another request: by then the server has handled the first one.
  await fetch(`${httpServer.url}/healthz`);
  sending.destroy();

  await expect.poll(() => httpServer.logged.join('\n')).toContain('request refused');
  expect(httpServer.logged.join('\n')).not.toContain('bug');
});

test.each([
  [{ 'content-encoding': 'gzip' }, 'the body is compressed (Content-Encoding: gzip): send it uncompressed'],
  [{ 'content-type': 'application/json; charset="utf-16"' }, 'the body is in utf-16, expected UTF-8'],
])('a body that cannot be read is rejected with the reason: %j', async (headers, detail) => {
  const response = await send('/api/images', '{"images":["nginx"]}', headers);

  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ detail });
  expect(work.count).toBe(0);
});

test('healthz reports that the server runs, readyz that Temporal answers', async () => {
  const before = await fetch(`${httpServer.url}/readyz`);
  work.fault = unavailable();
  const after = await fetch(`${httpServer.url}/readyz`);
  const health = await fetch(`${httpServer.url}/healthz`);

  expect([before.status, after.status, health.status]).toEqual([200, 503, 200]);
});

/** Sends without Content-Length, so that the server learns the length while it reads. Returns the status. */
async function sendInParts(path: string, body: string): Promise<number | undefined> {
  const sending = request(`${httpServer.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiToken}` },
  });
  sending.on('error', () => undefined);
  const answered = once(sending, 'response') as Promise<[{ statusCode?: number; destroy(): void }]>;
  for (let from = 0; from < body.length; from += 65_536) sending.write(body.slice(from, from + 65_536));
  sending.end();
  const [response] = await answered;
  response.destroy();
  return response.statusCode;
}

/** As simple clients do: sends the whole request before it reads the response. */
async function readAfterWriting(path: string, length: number, announced = length): Promise<string> {
  const { hostname, port } = new URL(httpServer.url);
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const head = [`POST ${path} HTTP/1.1`, `host: ${hostname}`, `authorization: Bearer ${apiToken}`];
  socket.write([...head, 'content-type: application/json', `content-length: ${announced}`, '', ''].join('\r\n'));
  const piece = Buffer.alloc(65_536, 'x');
  for (let sent = 0; sent < length; sent += piece.length) {
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
  const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
  socket.destroy();
  return answer.toString();
}

test.each([
  ['an image', '/api/images', { images: ['nginx\u001b[2J\u009b\u202e\u200b\u2028:1'] }],
  ['a field', '/api/images', { images: [7], '\u202e\u009b': 1 }],
  ['a repository', '/repos/team\u202e\u009b/images/dispatches', { event_type: '\u202e\u009b' }],
])('a response escapes control characters in %s', async (_what, path, body) => {
  const response = await send(path, JSON.stringify(body));

  const text = await response.text();
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(text)).toBeTypeOf('object');
  expect(response.headers.get('content-type')).toMatch(/json/);
});

test('a response without a body stays empty', async () => {
  const response = await send('/repos/team/images/dispatches', JSON.stringify({ event_type: 'push-images' }));

  expect(await response.text()).toSatisfy((text: string) => text === '' || text.startsWith('{'));
});
