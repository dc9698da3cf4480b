import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { startPlain, startTls } from './support/bulk-reader.js';

describe.each([
  ['plain', startPlain],
  ['TLS', startTls],
])('%s connections that are read in large pieces', (_, start) => {
  test('large reads deliver every byte of concurrent answers, and the connections are reused', async () => {
    const bodies = [5_000_000, 1, 70_000, 0].map((size) => randomBytes(size));
    const connections = new Set<unknown>();
    const get = await start((request, response) => {
      connections.add(request.socket);
      response.end(bodies[Number(request.url?.slice(1))]);
    });
    const readAll = async (): Promise<Buffer[]> =>
      Promise.all(bodies.map(async (_body, position) => buffer(await get(`/${position}`))));

    const first = await readAll();
    const opened = connections.size;
    const second = await readAll();

    expect(first.map((body, position) => body.equals(bodies[position] ?? body))).toEqual([true, true, true, true]);
    expect(second.map((body, position) => body.equals(bodies[position] ?? body))).toEqual([true, true, true, true]);
    expect(connections.size).toBe(opened);
  });

  test('large reads deliver what arrived right before the connection was closed', async () => {
    const body = randomBytes(300_000);
    const get = await start((_request, response) => {
      // No length and no chunks: the end of the connection is the end of the answer.
      response.socket?.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'), body]));
    });

    const arrived = await buffer(await get('/'));

    expect(arrived.equals(body)).toBe(true);
  });

  test('large reads stop while the reader pauses', async () => {
    const body = randomBytes(30_000_000);
    let left = 0;
    const get = await start((_request, response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 20_000_000), () => {
        left = 20_000_000;
      });
      response.end(body.subarray(20_000_000));
    });

    const response = await get('/');
    response.pause();
    await get('/').then((other) => other.destroy());
    const leftWhilePaused = left;
    const arrived = await buffer(response);

    expect(leftWhilePaused).toBe(0);
    expect(arrived.equals(body)).toBe(true);
  });
});
