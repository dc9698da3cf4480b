import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTwoTargets } from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { createRegistryClient } from '../src/registry-client.js';

/** A source whose image is also at its mirror, where blobs are answered by `rule`. */
async function withMirror(rule: (exchange: Exchange, layer: Buffer) => void | Promise<void>) {
  const [source, mirror, target] = await sourceAndTwoTargets();
  const layer = randomBytes(50_000);
  const image = placeImage(source, repository, { layers: [layer] });
  mirror.putManifest(repository, 'v1', image);
  mirror.when('GET', /blobs/, (exchange) => rule(exchange, layer));
  const faults: string[] = [];
  const client = clientFor([source, mirror, target], {
    hosts: new Map([[source.host, { mirrors: [{ host: mirror.host, resolvesTags: false }] }]]),
    onMirrorFault: ({ code }) => faults.push(code),
  });
  return { source, mirror, target, client, faults };
}

function blobReads(registry: ScriptedRegistry): number {
  return registry.count('GET', /blobs/);
}

test('wrong bytes of a mirror are read again from the source, and never committed', async () => {
  const { source, target, client } = await withMirror(({ response }, layer) =>
    answer(response, 200, {}, randomBytes(layer.length)),
  );

  const report = await copyImage(client, requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(blobReads(source)).toBe(2);
});

test('a mirror that breaks off repeatedly is not used further', async () => {
  const { source, mirror, target, client } = await withMirror(({ response }, layer) => {
    response.writeHead(200, { 'content-length': layer.length });
    response.write(layer.subarray(0, 100), () => response.destroy());
  });

  const report = await copyImage(client, requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(blobReads(mirror)).toBeLessThanOrEqual(4);
});

test.each([
  [503, 'server-error'],
  [200, 'protocol'],
])(
  'a mirror that answers %d with a web page is paused, and gets no request for the next blob',
  async (status, code) => {
    const page = { 'content-type': 'text/html' };
    const { source, mirror, target, client, faults } = await withMirror(({ response }) =>
      answer(response, status, page, Buffer.from('<p>later</p>')),
    );

    const report = await copyImage(client, requestFor(source, [target]), { concurrentBlobs: 1 });

    expect(report.failures).toEqual([]);
    expect(faults).toEqual([code]);
    expect(blobReads(mirror)).toBe(1);
  },
);

test('a mirror that denies the image to this account is skipped without a message', async () => {
  const { source, target, client, faults } = await withMirror(({ response }) => answer(response, 403));

  const report = await copyImage(client, requestFor(source, [target]));

  expect([report.failures, faults]).toEqual([[], []]);
});

test('pulls from a mirror are not booked on the allowance of its source', async () => {
  const { source, mirror, target } = await withMirror(({ ordinary }) => ordinary());
  const booked: string[] = [];
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    trustedHosts: new Set([source, mirror, target].map(({ host }) => host)),
    hosts: new Map([[source.host, { mirrors: [{ host: mirror.host, resolvesTags: true }] }]]),
    pulls: {
      isKnown: () => true,
      acquire: (host) => {
        booked.push(host);
        return Promise.resolve(undefined);
      },
      observe: () => Promise.resolve(),
    },
  });

  const report = await copyImage(client, requestFor(source, [target]));
  client.close();

  expect([report.failures, booked]).toEqual([[], []]);
});
