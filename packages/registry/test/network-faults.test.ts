import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { selfSignedCertificate } from '../../../demo/self-signed-certificate.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  impatient,
  repository,
  requestFor,
  sourceAndTarget,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { RegistryError } from '../src/errors.js';
import type { RepositoryRef } from '../src/repository-ref.js';
import { networkFault } from '../src/transport/network-fault.js';

type Rule = (exchange: Exchange) => void;

const status =
  (code: number): Rule =>
  ({ request, response }) => {
    request.resume();
    answer(response, code);
  };

describe('a temporary network fault', () => {
  test.each<[string, Rule]>([
    ['408', status(408)],
    ['500', status(500)],
    ['502', status(502)],
    ['504', status(504)],
    ['a reset', ({ request }) => void request.socket.resetAndDestroy()],
    ['an end without an answer', ({ request }) => void request.socket.end()],
    ['half of an answer', ({ request }) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['something that is no HTTP', ({ request }) => void request.socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
  ])('%s, once for each kind of request, does not stop the copy', async (_, rule) => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(100_000);
    const image = placeImage(source, repository, { layers: [layer] });
    for (const path of [/manifests/, new RegExp(`blobs/${image.layers[0]}`)]) {
      for (const method of ['HEAD', 'GET']) source.when(method, path, rule, 1);
    }
    for (const [method, path] of [
      ['HEAD', /manifests\/v1/],
      ['HEAD', /blobs/],
      ['POST', /uploads/],
      ['PATCH', /uploads/],
      ['PUT', /uploads/],
      ['PUT', /manifests/],
    ] as const) {
      target.when(method, path, rule, 1);
    }

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });

  test('a TLS handshake that breaks off is retried', async () => {
    const certificate = selfSignedCertificate();
    const source = await ScriptedRegistry.start(certificate);
    const target = await ScriptedRegistry.start();
    onTestFinished(async () => void (await Promise.all([source.stop(), target.stop()])));
    placeImage(source, repository);
    const proxy = await roadWithBreaks(source, 2);
    const client = clientFor([target], {
      hosts: new Map([[proxy.host, { scheme: 'https' as const, ca: certificate.cert }]]),
    });

    const report = await copyImage(client, requestFor(proxy, [target]));

    expect(report.failures).toEqual([]);
    expect(proxy.connections()).toBeGreaterThan(2);
  });

  test('a pause that a registry requests in one answer delays all requests to it', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const client = clientFor([source, target], { timing: { ...impatient, longestPauseMs: 500 } });
    let refusedAt = Infinity;
    let heardAt = 0;
    source.when('HEAD', /manifests/, ({ ordinary }) => {
      heardAt = performance.now();
      return ordinary();
    });
    source.when(
      'HEAD',
      /manifests/,
      ({ response }) => {
        refusedAt = performance.now();
        answer(response, 429, { 'retry-after': '60' });
      },
      1,
    );

    await expect(copyImage(client, requestFor(source, [target]))).rejects.toMatchObject({ code: 'rate-limited' });
    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(heardAt - refusedAt).toBeGreaterThan(400);
  });
});

describe('a lasting network fault', () => {
  test('an unknown host name is reported as such, and the copy is retried', async () => {
    const [, target] = await sourceAndTarget();
    const client = clientFor([target], { timing: { ...impatient, connectMs: 1_000 } });

    const copying = copyImage(client, requestFor({ host: 'no-such-registry.invalid' }, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'unreachable', decision: 'retry', side: 'source' });
    await expect(copying).rejects.toThrow('no-such-registry.invalid');
  });

  const repo: RepositoryRef = { side: 'source', host: 'registry.example.com', repository };

  test.each([
    ['ENOTFOUND', 'its name is not known', 'unreachable', 'retry'],
    ['EAI_AGAIN', 'could not be looked up just now', 'unreachable', 'retry'],
    ['ECONNREFUSED', 'is the registry running', 'unreachable', 'retry'],
    ['EHOSTUNREACH', 'no route', 'unreachable', 'retry'],
    ['ETIMEDOUT', 'no connection within', 'unreachable', 'retry'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS', 'tls', 'block'],
    ['CERT_HAS_EXPIRED', 'certificate of registry.example.com is not trusted', 'tls', 'block'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate of registry.example.com is not trusted', 'tls', 'block'],
  ])('%s is reported in plain words', (code, words, expected, decision) => {
    const error = Object.assign(new Error('no connection within 15 s'), { code });

    const fault = networkFault(error, repo, new URL('https://registry.example.com/v2/'));

    expect(fault).toBeInstanceOf(RegistryError);
    expect(fault).toMatchObject({ code: expected, decision });
    expect(fault.message).toContain(words);
  });
});

/** Forwards connections to a registry, but breaks the first ones at their first byte. */
async function roadWithBreaks(
  registry: ScriptedRegistry,
  breaks: number,
): Promise<{ readonly host: string; connections(): number }> {
  let connections = 0;
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    if (connections++ < breaks) {
      client.once('data', () => client.resetAndDestroy());
      return;
    }
    const onward = connect(Number(registry.host.split(':')[1]), '127.0.0.1');
    onward.on('error', () => client.destroy());
    client.once('close', () => onward.destroy());
    client.pipe(onward).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}
