import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { answer, readAll, sha256 } from '../../../../test/support/scripted-registry.js';
import { clientFor, startScripted, targetRepository } from '../../../../test/support/scripted-set-up.js';
import { DataRequest } from '../../src/blobs/data-request.js';
import type { Digest } from '../../src/oci/digest.js';

const megabyte = 1_000_000;

test('the connection of a request that is given up is reset: what was in its buffers does not arrive later', async () => {
  const registry = await startScripted();
  const received = new Promise<IncomingMessage>((resolve) => {
    registry.when('PATCH', /uploads/, ({ request }) => resolve(request), 1);
  });
  const client = clientFor([registry]);
  const size = 20 * megabyte;
  const data = await DataRequest.open({
    client,
    repo: { side: 'target', host: registry.host, repository: targetRepository },
    blob: { digest: sha256(Buffer.alloc(0)) as Digest, mediaType: 'application/octet-stream', size },
    session: { location: new URL(`${registry.url}/v2/${targetRepository}/blobs/uploads/1`), foreign: false },
    start: 0,
    end: size,
    method: 'PATCH',
    fresh: true,
    signal: new AbortController().signal,
  });
  const reason = new Error('too slow for the others');

  data.write(Buffer.alloc(size - 1), () => {});
  const { socket } = await received;
  data.destroy(reason);
  await expect(data.answer).rejects.toBe(reason);
  socket.resume();
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];

  expect(error.code).toBe('ECONNRESET');
  expect(socket.bytesRead).toBeLessThan(size - 1);
});

test('a request that was answered has left its connection to others, and does not reset it', async () => {
  const registry = await startScripted();
  const sockets = new Set<unknown>();
  registry.when('PATCH', /uploads/, async ({ request, response }) => {
    sockets.add(request.socket);
    await readAll(request);
    answer(response, 503, {}, Buffer.from('busy'));
  });
  const client = clientFor([registry]);
  const send = async (): Promise<DataRequest> => {
    const data = await DataRequest.open({
      client,
      repo: { side: 'target', host: registry.host, repository: targetRepository },
      blob: { digest: sha256(Buffer.alloc(0)) as Digest, mediaType: 'application/octet-stream', size: 10 },
      session: { location: new URL(`${registry.url}/v2/${targetRepository}/blobs/uploads/1`), foreign: false },
      start: 0,
      end: 10,
      method: 'PATCH',
      fresh: false,
      signal: new AbortController().signal,
    });
    data.write(Buffer.alloc(10), () => {});
    await buffer(await data.answer);
    return data;
  };

  const first = await send();
  await turn();
  first.destroy();
  await send();

  expect(sockets.size).toBe(1);
});
