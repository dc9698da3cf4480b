import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import { gitHubOptions } from '../../src/composition/github-options.js';
import { proxiedFetch } from '../../src/composition/proxied-fetch.js';
import { readGitHubRate } from '../../src/upstreams/github-rate.js';
import { createGitHub } from '../../src/upstreams/github.js';
import { ForwardProxy } from '../support/forward-proxy.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';

const { signal } = new AbortController();

async function gitHub() {
  const standIn = await startGitHubStandIn();
  onTestFinished(async () => await standIn.stop());
  standIn.setTags('langgenius/dify', ['1.16.0', '1.15.0']);
  return { standIn, port: Number(new URL(standIn.url).port) };
}

test('GitHub is reached through the proxy with its credentials, also for 304 responses', async () => {
  const { standIn, port } = await gitHub();
  const proxy = await ForwardProxy.start({ names: { 'github.test': port }, login: 'me:pass' });
  const proxies = { http: proxy.url('me:pass'), except: [] };
  const github = createGitHub(
    gitHubOptions({ github: { apiUrl: 'http://github.test', token: () => 'secret' }, proxies }),
  );

  const first = await github.listTags('langgenius/dify');
  const second = await github.listTags('langgenius/dify', { etag: first?.etag ?? '' });

  expect(first?.tags).toEqual(['1.16.0', '1.15.0']);
  expect(second).toBeUndefined();
  expect(proxy.seen.map(({ line }) => line)).toContain(
    'GET http://github.test/repos/langgenius/dify/tags?per_page=100&page=1',
  );
  expect(standIn.requests).toMatchObject([{ status: 200 }, { status: 304 }]);
});

test('an https address is reached by CONNECT, and a proxy that refuses is named', async () => {
  const proxy = await ForwardProxy.start({ refuseWith: 403 });
  const proxies = { https: proxy.url(), except: [] };
  const options = gitHubOptions({ github: { apiUrl: 'https://github.test', token: () => undefined }, proxies });

  const asked = readGitHubRate({ ...options, retryPauseMs: 0 }, signal);

  await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
  await expect(asked).rejects.toThrow(`the proxy ${proxy.host} answered 403 instead of connecting to github.test:443`);
  expect(proxy.seen[0]?.line).toBe('CONNECT github.test:443');
});

test('a host in NO_PROXY is reached without the proxy', async () => {
  const proxy = await ForwardProxy.start();
  const send = proxiedFetch({ http: proxy.url(), except: ['.invalid'] });

  await expect(send('http://github.invalid/')).rejects.toThrow('fetch failed');

  expect(proxy.seen).toEqual([]);
});

test('a redirect is followed without sending the token to another origin', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.headers.host ?? ''} ${request.headers.authorization ?? 'no token'}`);
    if (request.url === '/old') response.writeHead(301, { location: '/new' }).end();
    else if (request.url === '/new') response.writeHead(302, { location: 'http://other.test/there' }).end();
    else response.end('here');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const proxy = await ForwardProxy.start({ names: { 'github.test': port, 'other.test': port } });

  const send = proxiedFetch({ http: proxy.url(), except: [] });
  const answer = await send('http://github.test/old', { headers: { authorization: 'token secret' } });

  expect(await answer.text()).toBe('here');
  expect(seen).toEqual(['github.test token secret', 'github.test token secret', 'other.test no token']);
});
