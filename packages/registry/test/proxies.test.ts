import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { selfSignedCertificate } from '../../../demo/self-signed-certificate.js';
import { ForwardProxy } from '../../../test/support/forward-proxy.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const login = 'captain:p%40ss';

function portOf({ host }: { readonly host: string }): number {
  return Number(host.split(':')[1]);
}

async function startSecure() {
  const { cert, key } = selfSignedCertificate();
  const registry = await ScriptedRegistry.start({ cert, key });
  onTestFinished(() => registry.stop());
  return { registry, ca: cert };
}

describe('a proxy', () => {
  test('a proxy carries plain HTTP to registries that only it can resolve, in both directions', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(300_000), randomBytes(10)] });
    const proxy = await ForwardProxy.start({
      names: { 'source.test': portOf(source), 'target.test': portOf(target) },
      login: 'captain:p@ss',
    });
    const hosts = new Map([
      ['source.test', { scheme: 'http' as const }],
      ['target.test', { scheme: 'http' as const }],
    ]);
    const client = clientFor([], { hosts, proxies: { http: proxy.url(login), except: [] } });

    const report = await copyImage(client, requestFor({ host: 'source.test' }, [{ host: 'target.test' }]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')).toBeDefined();
    expect(proxy.seen.some(({ line }) => line.startsWith('PATCH http://target.test/v2/'))).toBe(true);
    for (const { headers } of [...source.requests, ...target.requests]) {
      expect(headers['proxy-authorization']).toBeUndefined();
    }
  });

  test('a proxy tunnels to TLS registries over connections that are kept', async () => {
    const [source, target] = [await startSecure(), await startSecure()];
    placeImage(source.registry, repository, { layers: [randomBytes(300_000), randomBytes(10)] });
    const proxy = await ForwardProxy.start({ login: 'captain:p@ss' });
    const hosts = new Map(
      [source, target].map(({ registry, ca }) => [
        registry.host,
        { scheme: 'https' as const, ca, proxy: proxy.url(login) },
      ]),
    );

    const report = await copyImage(clientFor([], { hosts }), requestFor(source.registry, [target.registry]));

    expect(report.failures).toEqual([]);
    const requests = source.registry.requests.length + target.registry.requests.length;
    expect(proxy.seen.every(({ line }) => line.startsWith('CONNECT 127.0.0.1:'))).toBe(true);
    expect(proxy.seen.length).toBeLessThan(requests);
  });

  test("a proxy is bypassed if the host's settings or NO_PROXY say so", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const proxy = await ForwardProxy.start();
    const rules = { http: proxy.url(), except: [] };
    const hosts = new Map([[source.host, { proxy: 'none' as const }]]);

    const report = await copyImage(clientFor([target], { hosts, proxies: rules }), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(proxy.seen).toEqual([]);
  });

  test.each([
    [407, {}, 'configuration', 'block', /wants a user and password \(407\)/],
    [403, { refuseWith: 403 }, 'configuration', 'block', /answered 403 instead of connecting to 127\.0\.0\.1:/],
    [503, { refuseWith: 503 }, 'unreachable', 'retry', /answered 503 instead of connecting/],
  ])('a proxy that refuses with %d is not reported as the registry', async (status, options, code, decision, words) => {
    const { registry: source, ca } = await startSecure();
    const proxy = await ForwardProxy.start(status === 407 ? { login: 'another:login' } : options);
    const hosts = new Map([[source.host, { scheme: 'https' as const, ca, proxy: proxy.url() }]]);

    const copying = copyImage(clientFor([], { hosts }), requestFor(source, []));

    await expect(copying).rejects.toMatchObject({ code, decision });
    await expect(copying).rejects.toThrow(words);
    expect(source.requests).toEqual([]);
  });

  test('a proxy that refuses the password is named without it', async () => {
    const { registry: source } = await startSecure();
    const proxy = await ForwardProxy.start({ login: 'another:login' });
    const hosts = new Map([[source.host, { scheme: 'https' as const, proxy: proxy.url(login) }]]);

    const copying = copyImage(clientFor([], { hosts }), requestFor(source, []));

    await expect(copying).rejects.toThrow(`the proxy ${proxy.host} refused the user and password`);
    await expect(copying).rejects.not.toThrow(/p@ss|p%40ss|captain/);
  });

  test('an unreachable proxy is named as the cause', async () => {
    const { registry: source } = await startSecure();
    const hosts = new Map([[source.host, { scheme: 'https' as const, proxy: new URL('http://127.0.0.1:9') }]]);

    const copying = copyImage(clientFor([], { hosts }), requestFor(source, []));

    await expect(copying).rejects.toMatchObject({ code: 'unreachable', decision: 'retry' });
    await expect(copying).rejects.toThrow(/the proxy 127\.0\.0\.1:9 could not be used/);
  });

  test('a proxy that accepts the connection and sends nothing times out', async () => {
    const { registry: source } = await startSecure();
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const proxy = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const hosts = new Map([[source.host, { scheme: 'https' as const, proxy }]]);
    const client = clientFor([], { hosts, timing: { connectMs: 50, backoffMs: 1 } });

    const copying = copyImage(client, requestFor(source, []));

    await expect(copying).rejects.toMatchObject({ code: 'unreachable' });
    client.close();
    await new Promise((resolve) => silent.close(resolve));
  });

  test.each(['10.1.2.3', '169.254.169.254', '127.0.0.1', 'localhost'])(
    'a request to %s, which is not configured, is not sent to the proxy',
    async (host) => {
      const proxy = await ForwardProxy.start();
      const client = clientFor([], { proxies: { http: proxy.url(), https: proxy.url(), except: [] } });

      const copying = copyImage(client, requestFor({ host: `${host}:5000` }, []));

      await expect(copying).rejects.toMatchObject({ code: 'private-address' });
      expect(proxy.seen).toEqual([]);
    },
  );

  test('a registry behind a proxy cannot redirect to private addresses', async () => {
    const [source] = await sourceAndTarget();
    const proxy = await ForwardProxy.start({ names: { 'source.test': portOf(source) } });
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.config}|manifests`), ({ response }) =>
      answer(response, 307, { location: 'http://10.0.0.1/secrets' }),
    );
    const hosts = new Map([['source.test', { scheme: 'http' as const }]]);
    const client = clientFor([], { hosts, proxies: { http: proxy.url(), except: [] } });

    const copying = copyImage(client, requestFor({ host: 'source.test' }, []));

    await expect(copying).rejects.toMatchObject({ code: 'private-address' });
  });
});
