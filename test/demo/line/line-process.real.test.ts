import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { expect, test } from 'vitest';

import { startLineProcess } from '../../../demo/line/line-process.js';
import { peerOf } from './line-stage.js';

test('a line in a process of its own does what one in this process does', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await startLineProcess({
    to: { port: (server.address() as AddressInfo).port },
    reset: { afterBytes: 10, direction: 'up' },
  });
  const open = async () => {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = peerOf(connect(line.port, '127.0.0.1'));
    return { client, server: peerOf((await accepted)[0]) };
  };

  const first = await open();
  first.client.socket.write(Buffer.alloc(50));
  expect(await first.client.ending).toBe('ECONNRESET');
  expect(await line.stats()).toMatchObject({ forwarded: { up: 10, down: 0 }, resets: 1 });

  await line.change({ reset: undefined });
  await line.clear();
  const second = await open();
  second.client.socket.write('GET /v2/ HTTP/1.1\r\n\r\n');
  await second.server.has(21);
  expect(await line.exchanges()).toMatchObject([{ request: 'GET /v2/', bytes: { up: 21 } }]);

  await line.close();
  await second.client.ending;
  await expect(line.stats()).rejects.toThrow("the line's process ended");
  server.close();
});
