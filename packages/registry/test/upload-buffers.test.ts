import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { BlobUpload } from '../src/blobs/blob-upload.js';
import { digestOf } from '../src/manifests/content-digest.js';
import { createRegistryClient } from '../src/registry-client.js';
import type { RegistryClient } from '../src/registry-client.js';
import type { BufferLease } from '../src/transport/buffer-pool.js';

/** More than a connection accepts while the server does not read. */
const chunkBytes = 16 * 1024 * 1024;

class CountedLease implements BufferLease {
  kept = 0;
  released = 0;
  keep(): void {
    this.kept += 1;
  }
  release(): void {
    this.released += 1;
  }
}

let client: RegistryClient;
let host: string;
let arrived: Promise<IncomingMessage>;
let stop: () => void;

beforeEach(async () => {
  const server = createServer();
  arrived = once(server, 'request').then(([request]) => (request as IncomingMessage).pause());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createRegistryClient({
    credentials: async () => undefined,
    hosts: new Map([[host, { scheme: 'http' }]]),
    trustedHosts: new Set([host]),
  });
  stop = () => {
    client.close();
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => stop());

/** An upload to a registry that has read the request's head and reads no further. */
function newUpload(): BlobUpload {
  const digest = digestOf(Buffer.from('whatever'), 'sha256');
  return new BlobUpload(
    client,
    { side: 'target', host, repository: 'team/app' },
    { digest, mediaType: 'application/octet-stream', size: 3 * chunkBytes },
    {
      session: { location: new URL(`http://${host}/v2/team/app/blobs/uploads/1`), foreign: false },
      signal: new AbortController().signal,
    },
  );
}

test.each([
  ['by PATCH', false, 1],
  ['by one PUT, which holds the last byte back', true, 0],
])('the memory of an upload is kept until its bytes need not be sent again, %s', async (_how, monolithic, atLast) => {
  client.host(host).monolithicUploads = monolithic;
  const upload = newUpload();
  const leases = [new CountedLease(), new CountedLease(), new CountedLease()];
  await upload.start({ onFlushed: () => undefined, onFailure: () => undefined });

  for (const lease of leases) upload.write(Buffer.alloc(chunkBytes), lease);
  const request = await arrived;
  await sleep(50);
  const before = leases.map(({ kept, released }) => [kept, released]);
  request.resume();
  // Each is larger than what is kept of the bytes that were sent.
  await expect.poll(() => leases[1]?.released, { timeout: 10_000 }).toBe(1);
  await sleep(50);
  const afterwards = leases.map(({ released }) => released);
  upload.end();

  expect(before).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
  expect(afterwards.slice(0, 2)).toEqual([1, 1]);
  expect(afterwards[2]).toBeLessThanOrEqual(atLast);
  expect(leases.map(({ kept, released }) => [kept, released])).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
});
