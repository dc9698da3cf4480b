import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  startScripted,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { planCopy } from '../src/plan-copy.js';
import { createRegistryClient } from '../src/registry-client.js';
import { isPublicAddress } from '../src/transport/address-guard.js';

test.each([
  ['8.8.8.8', true],
  ['198.18.0.7', true],
  ['2606:4700::1111', true],
  ['64:ff9b::808:808', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.100.100.200', false],
  ['0.0.0.0', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['fd00:ec2::254', false],
  ['fe80::1', false],
  ['64:ff9b::a00:1', false],
])('%s is a public address: %s', (address, expected) => {
  const found = isPublicAddress(address);

  expect(found).toBe(expected);
});

describe('a host that is not configured', () => {
  test.each(['127.0.0.1', 'localhost', 'registry.localhost', '[::1]'])(
    'a private host that is not configured receives no connection at %s',
    async (name) => {
      const { port, connections } = await startListener();
      const reference = parseImageReference(`${name}:${port}/${repository}:v1`);

      const planning = planCopy(clientFor([]), { source: reference, platforms: 'all', targets: [] });

      await expect(planning).rejects.toMatchObject({ code: 'private-address', decision: 'block' });
      expect(connections()).toBe(0);
    },
  );

  test('a private host that has only limits in the configuration receives no connection', async () => {
    const { port, connections } = await startListener();
    const client = createRegistryClient({
      credentials: async () => undefined,
      hosts: new Map([[`127.0.0.1:${port}`, { concurrentBlobs: 2, trusted: false }]]),
    });

    const reference = parseImageReference(`127.0.0.1:${port}/${repository}:v1`);
    const planning = planCopy(client, { source: reference, platforms: 'all', targets: [] });

    await expect(planning).rejects.toMatchObject({ code: 'private-address' });
    expect(connections()).toBe(0);
    client.close();
  });

  test('a host that may only have public addresses cannot redirect to a private one', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const inner = await startScripted();
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${inner.url}/admin` }),
    );
    const client = clientFor([source, target]);
    // Makes the registry look public, so that its redirects must not point into the private network.
    client.host(source.host).connectedTo = () => {};

    const copying = copyImage(client, requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'private-address' });
    expect(inner.requests).toEqual([]);
  });
});

describe('a private registry that is configured', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
  ])("a configured private registry cannot redirect to a cloud's metadata address at %s", async (address) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `http://${address}/latest/meta-data` }),
    );

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'private-address', decision: 'block' });
    await expect(copying).rejects.toThrow(/nothing was sent there/);
  });

  test('a configured private registry may redirect to its storage in the same network', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const layer = Buffer.from('a layer');
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/bucket` }),
    );
    storage.when('GET', /bucket/, ({ response }) => answer(response, 200, {}, layer));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });
});

/** Listens on every loopback address of this machine, and counts the connections. */
async function startListener(): Promise<{ readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}
