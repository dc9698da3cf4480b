import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createGitHub } from '../../src/upstreams/github.js';
import type { GitHub } from '../../src/upstreams/github.js';
import type { UpstreamFault } from '../../src/upstreams/upstream-fault.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';

const difyTags = readFileSync(new URL('data/dify-tags.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const file = { repository: 'langgenius/dify', path: 'docker/docker-compose.yaml', tag: '1.16.0' };

describe('GitHub', () => {
  let standIn: GitHubStandIn;
  let token: string | undefined;
  let github: GitHub;

  beforeEach(async () => {
    standIn = await startGitHubStandIn();
    standIn.setTags('langgenius/dify', difyTags);
    token = undefined;
    github = createGitHub({ apiUrl: standIn.url, token: () => token, retryPauseMs: 1 });
  });
  afterEach(async () => await standIn.stop());

  test('tags on GitHub are listed over all pages', async () => {
    const listing = await github.listTags('langgenius/dify');

    expect(listing?.tags).toEqual(difyTags);
    expect(listing?.etagCovers).toBe(100);
    expect(standIn.requests.map(({ path }) => path)).toEqual([
      '/repos/langgenius/dify/tags?per_page=100&page=1',
      '/repos/langgenius/dify/tags?per_page=100&page=2',
    ]);
  });

  test('an unchanged listing of tags on GitHub costs one request', async () => {
    const first = await github.listTags('langgenius/dify');

    const second = await github.listTags('langgenius/dify', { etag: first?.etag ?? '' });

    expect(second).toBeUndefined();
    expect(standIn.requests.slice(2)).toMatchObject([{ status: 304 }]);
  });

  test('a new tag on the first page changes the listing of tags on GitHub', async () => {
    const first = await github.listTags('langgenius/dify');
    standIn.setTags('langgenius/dify', ['1.17.0', ...difyTags]);

    const second = await github.listTags('langgenius/dify', { etag: first?.etag ?? '' });

    expect(second?.tags[0]).toBe('1.17.0');
    expect(second?.etag).not.toBe(first?.etag);
  });

  test('the next page is requested from the same server, whatever URL the response names', async () => {
    standIn.next({
      status: 200,
      headers: { 'content-type': 'application/json', link: '<http://192.0.2.1/steal?page=2>; rel="next"' },
      body: JSON.stringify([{ name: '9.9.9' }]),
    });

    const listing = await github.listTags('langgenius/dify');

    expect(listing?.tags[0]).toBe('9.9.9');
    expect(standIn.requests.map(({ path }) => path.split('page=').at(-1))).toEqual(['1', '2']);
  });

  test('a file on GitHub is read at a tag', async () => {
    standIn.setFile(file.repository, file.tag, file.path, 'services: {}\n');

    const text = await github.readFile(file);

    expect(text).toBe('services: {}\n');
  });

  test('a file is read from a GitHub server that returns it in base64', async () => {
    standIn.next({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ type: 'file', encoding: 'base64', content: 'c2Vydmlj\nZXM6IHt9' }),
    });

    const text = await github.readFile(file);

    expect(text).toBe('services: {}');
  });

  test('the GitHub token is sent if there is one and is read again for each request', async () => {
    await github.listTags('langgenius/dify');
    token = 'first';
    await github.listTags('langgenius/dify');

    const sent = standIn.requests.map(({ authorization }) => authorization);

    expect(sent).toEqual([undefined, undefined, 'token first', 'token first']);
    expect(github.hasToken).toBe(true);
  });

  test('a missing GitHub repository is reported with its address', async () => {
    const fault = await faultOf(github.listTags('langgenius/gone'));

    expect(fault).toMatchObject({ code: 'upstream-missing', decision: 'block', status: 404 });
    expect(fault.message).toContain(`the tags of langgenius/gone (404 for ${standIn.url}/repos/langgenius/gone/tags)`);
  });

  test('a compose file that has moved is reported with its address', async () => {
    const fault = await faultOf(github.readFile(file));

    expect(fault).toMatchObject({ code: 'upstream-missing', decision: 'block', status: 404 });
    expect(fault.message).toContain('the file docker/docker-compose.yaml of langgenius/dify at 1.16.0');
    expect(fault.message).toContain(`${standIn.url}/repos/langgenius/dify/contents/docker/docker-compose.yaml`);
  });

  test('a rejected GitHub token is not taken for a rate limit and not printed', async () => {
    standIn.requireToken('right');
    token = 'wrong-secret';

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'unauthorized', decision: 'block' });
    expect(fault.message).toContain('GITHUB_TOKEN');
    expect(fault.message).not.toContain('wrong-secret');
  });

  test('a used-up rate limit waits until the reset time that GitHub sends', async () => {
    standIn.limit(0, 600_000);

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'rate-limited', decision: 'wait' });
    expect(fault.retryAfterMs).toBeGreaterThan(595_000);
    expect(fault.retryAfterMs).toBeLessThan(610_000);
    expect(fault.message).toContain('60 requests per hour');
    expect(standIn.requests).toHaveLength(1);
  });

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '90' } }, 92_000],
    ['403 of a secondary limit', { status: 403, headers: { 'retry-after': '30' } }, 32_000],
    [
      '403 of a secondary limit that names no time',
      {
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: '{"message":"You have exceeded a secondary rate limit"}',
      },
      62_000,
    ],
  ])('a GitHub request with %s waits for the given time', async (_what, trouble, waitMs) => {
    standIn.next(trouble);

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'rate-limited', decision: 'wait', retryAfterMs: waitMs });
    expect(standIn.requests).toHaveLength(1);
  });

  test('a 403 of GitHub that is not a rate limit blocks', async () => {
    standIn.next({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"message":"Repository access blocked"}',
    });

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
    expect(fault.message).toContain('Repository access blocked');
  });

  test('a short outage of GitHub is retried within the request', async () => {
    standIn.next({ status: 502 }, { hangUp: true, status: 0 });

    const listing = await github.listTags('langgenius/dify');

    expect(listing?.tags).toHaveLength(difyTags.length);
  });

  test('a longer outage of GitHub is retried later', async () => {
    standIn.next(...Array.from({ length: 4 }, () => ({ status: 503 })));

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'server-error', decision: 'retry' });
  });

  test('a GitHub server that does not answer is retried later', async () => {
    await standIn.stop();

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'unreachable', decision: 'retry' });
    expect(fault.message).toContain(standIn.url);
  });

  test.each([
    ['JSON of another shape', 'application/json', '{"tags":[]}'],
    ['a page of a proxy', 'text/html; charset=utf-8', '<html>please sign in</html>'],
  ])('%s instead of the tags of a GitHub repository is reported with the address', async (_what, type, body) => {
    standIn.next({ status: 200, headers: { 'content-type': type }, body });

    const fault = await faultOf(github.listTags('langgenius/dify'));

    expect(fault).toMatchObject({ code: 'upstream-format', decision: 'block' });
    expect(fault.message).toContain(`${standIn.url}/repos/langgenius/dify/tags`);
  });

  test('a folder on GitHub instead of a file is reported with the address', async () => {
    standIn.next({ status: 200, headers: { 'content-type': 'application/json' }, body: '[{"type":"file"}]' });

    const fault = await faultOf(github.readFile(file));

    expect(fault).toMatchObject({ code: 'upstream-format', decision: 'block' });
  });

  test('an endless response of GitHub is aborted at the maximum size', async () => {
    let sent = 0;
    const endless = async (): Promise<Response> => {
      const body = new ReadableStream({
        pull(controller) {
          sent += 1_000_000;
          controller.enqueue(new Uint8Array(1_000_000).fill(0x20));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
    };
    github = createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1, fetch: endless });

    const fault = await faultOf(github.readFile(file));

    expect(fault).toMatchObject({ code: 'upstream-format', decision: 'block' });
    expect(fault.message).toContain('docker-compose.yaml?ref=1.16.0: the response has more than');
    expect(sent).toBeLessThan(60_000_000);
  });

  test('a truncated response of GitHub is retried and not taken for an empty file', async () => {
    let answers = 0;
    const breaking = async (): Promise<Response> => {
      answers += 1;
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from('services: {}')),
        pull: (controller) => controller.error(new Error('socket hang up')),
      });
      return new Response(answers === 1 ? body : 'services: {}\n', { headers: { 'content-type': 'text/plain' } });
    };
    github = createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1, fetch: breaking });

    expect(await github.readFile(file)).toBe('services: {}\n');
    expect(answers).toBe(2);
  });

  test("a web page instead of GitHub's response is reported in shortened form", async () => {
    standIn.next({ status: 403, headers: { 'content-type': 'text/html' }, body: `<html>${'blocked '.repeat(50_000)}` });

    const fault = await faultOf(github.readFile(file));

    expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
    expect(fault.message.length).toBeLessThan(1_000);
  });

  test('a cancelled request is not reported as an error of GitHub', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));

    await expect(github.listTags('langgenius/dify', { signal: stopped })).rejects.toThrow('stopped');
  });
});

async function faultOf(work: Promise<unknown>): Promise<UpstreamFault> {
  try {
    await work;
  } catch (error) {
    return error as UpstreamFault;
  }
  throw new Error('no fault came');
}
