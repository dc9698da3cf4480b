import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from 'vitest';

import type { LineOptions } from '../../../demo/line/line.js';
import { longestChain } from '../../../demo/line/round-trips.js';
import { startLine } from '../../../demo/line/start-line.js';
import { freePort } from '../../support/free-port.js';
import { peerOf, startStage } from './line-stage.js';

const stages: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

describe('a line carries', () => {
  test('a line carries bytes in both directions unchanged, and each direction ends when its own last byte has arrived', async () => {
    const stage = await start({ roundTripMs: 4, bytesPerSecond: { connection: 20_000_000, line: 30_000_000 } });
    const [up, down] = [randomBytes(700_001), randomBytes(900_003)];
    const { client, server } = await stage.open();

    client.socket.end(up);
    await server.ending;
    server.socket.end(down);
    await client.ending;

    expect(server.received().equals(up)).toBe(true);
    expect(client.received().equals(down)).toBe(true);
    expect(await stage.line.stats()).toMatchObject({
      forwarded: { up: up.length, down: down.length },
      read: { up: up.length, down: down.length },
      connections: 1,
      resets: 0,
    });
  });

  test('a line carries the reset of a client to the server, after the bytes before it', async () => {
    const stage = await start();
    const { client, server } = await stage.open();

    client.socket.write('before');
    await server.has(6);
    client.socket.resetAndDestroy();

    expect(await server.ending).toBe('ECONNRESET');
    expect(server.received().toString()).toBe('before');
  });

  test("a line carries a server's refusal to the client, as a reset", async () => {
    const line = await startLine({ to: { port: await freePort() } });
    stages.push(line);

    const client = peerOf(connect(line.port, '127.0.0.1'));

    expect(await client.ending).toBe('ECONNRESET');
  });
});

describe('a line takes', () => {
  test('a line takes its round-trip time for each request, and one more for a new connection', async () => {
    const roundTripMs = 40;
    const stage = await start({ roundTripMs });
    const startedAt = performance.now();
    const { client, server } = await stage.open();
    server.socket.on('data', () => server.socket.write('answer'));

    client.socket.write('GET /v2/a?secret=1 HTTP/1.1\r\n\r\n');
    await client.has(6);
    const first = performance.now() - startedAt;
    client.socket.write('HEAD /v2/b HTTP/1.1\r\n\r\n');
    await client.has(12);
    const second = performance.now() - startedAt;

    // Node's timers may fire up to a millisecond early.
    expect(first).toBeGreaterThanOrEqual(2 * roundTripMs - 2);
    expect(second).toBeGreaterThanOrEqual(3 * roundTripMs - 3);
    const exchanges = await stage.line.exchanges();
    expect(exchanges).toMatchObject([
      { connection: 1, request: 'GET /v2/a', bytes: { up: 31, down: 6 } },
      { connection: 1, request: 'HEAD /v2/b', bytes: { up: 23, down: 6 } },
    ]);
    expect(longestChain(exchanges, roundTripMs).map(({ what }) => what)).toEqual([
      'connect',
      'GET /v2/a',
      'HEAD /v2/b',
    ]);
  });

  test('a line takes the time that the rate of a connection and of the whole line gives', async () => {
    const bytes = 100_000;
    const stage = await start({ bytesPerSecond: { connection: 1_000_000, line: 1_500_000 } });
    const pairs = [await stage.open(), await stage.open(), await stage.open()];
    const startedAt = performance.now();
    const arrivals: number[] = [];

    for (const { client } of pairs) client.socket.write(Buffer.alloc(bytes));
    await Promise.all(
      pairs.map(async ({ server }) => {
        await server.has(bytes);
        arrivals.push(performance.now() - startedAt);
      }),
    );

    expect(Math.min(...arrivals)).toBeGreaterThanOrEqual((bytes / 1_000_000) * 1000 - 2);
    expect(Math.max(...arrivals)).toBeGreaterThanOrEqual(((3 * bytes) / 1_500_000) * 1000 - 2);
  });

  test('a line takes no more bytes than are on the way while the receiver does not take them', async () => {
    const stage = await start();
    const { client } = await stage.open();
    await stage.line.stall({ direction: 'up' });

    client.socket.write(Buffer.alloc(8_000_000));
    await until(async () => (await stage.line.stats()).mostInTransit >= 262_144);
    await sleep(50);

    const { read, forwarded, mostInTransit } = await stage.line.stats();
    expect(forwarded.up).toBe(0);
    expect(read.up).toBe(mostInTransit);
    expect(mostInTransit).toBeLessThanOrEqual(262_144 + 65_536);
  });
});

describe('a line resets', () => {
  test('a line resets a connection after a number of bytes to the server, which has them all, and the next one too', async () => {
    const stage = await start({ reset: { afterBytes: 300_000, direction: 'up', times: 2 } });

    for (const _ of [1, 2]) {
      const { client, server } = await stage.open();
      client.socket.write(Buffer.alloc(400_000));

      expect(await server.ending).toBe('ECONNRESET');
      expect(await client.ending).toBe('ECONNRESET');
      expect(server.received()).toHaveLength(300_000);
    }
    const { client, server } = await stage.open();
    client.socket.end(Buffer.alloc(400_000));
    expect(await server.ending).toBe('end');
    expect(await stage.line.stats()).toMatchObject({ resets: 2, connections: 3, forwarded: { up: 1_000_000 } });
  });

  test('a line resets a connection after a number of bytes to the client', async () => {
    const stage = await start({ roundTripMs: 2, reset: { afterBytes: 70_000, direction: 'down' } });
    const { client, server } = await stage.open();

    client.socket.write(Buffer.alloc(90_000));
    await server.has(90_000);
    server.socket.write(Buffer.alloc(90_000));

    expect(await client.ending).toBe('ECONNRESET');
    expect(await server.ending).toBe('ECONNRESET');
    expect(client.received()).toHaveLength(70_000);
  });

  test('a line resets connections at random, at the same bytes for the same seed', async () => {
    const reset = { random: { meanBytes: 50_000, seed: 7 }, direction: 'up', times: 6 } as const;
    const places = async (options: typeof reset): Promise<readonly number[]> => {
      const stage = await start({ reset: options });
      const found: number[] = [];
      for (let n = 0; n < options.times; n++) {
        const { client, server } = await stage.open();
        while (!client.socket.destroyed) {
          client.socket.write(Buffer.alloc(10_000));
          await sleep(1);
        }
        await server.ending;
        found.push((await stage.line.stats()).forwarded.up);
      }
      return found;
    };

    const [once_, again, other] = await Promise.all([
      places(reset),
      places(reset),
      places({ ...reset, random: { ...reset.random, seed: 8 } } as unknown as typeof reset),
    ]);

    expect(again).toEqual(once_);
    expect(other).not.toEqual(once_);
  });

  test('a line resets all connections on request', async () => {
    const stage = await start();
    const pairs = [await stage.open(), await stage.open()];

    expect(await stage.line.resetAll()).toBe(2);

    for (const { client, server } of pairs) {
      expect(await client.ending).toBe('ECONNRESET');
      expect(await server.ending).toBe('ECONNRESET');
    }
    expect(await stage.line.stats()).toMatchObject({ resets: 2 });
  });
});

describe('a line stalls', () => {
  test('a line stalls in one direction until it resumes, and nothing is lost', async () => {
    const stage = await start();
    const { client, server } = await stage.open();
    await stage.line.stall({ direction: 'up' });

    client.socket.write('held');
    server.socket.write('not held');
    await client.has(8);
    await until(async () => (await stage.line.stats()).read.up === 4);

    expect((await stage.line.stats()).forwarded).toEqual({ up: 0, down: 8 });
    await stage.line.resume();
    await server.has(4);
  });

  test('a line stalls for a given time', async () => {
    const stage = await start();
    const { client, server } = await stage.open();
    const startedAt = performance.now();
    await stage.line.stall({ forMs: 30 });

    client.socket.write('held');
    await server.has(4);

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(28);
  });

  test('a line stalls one connection after a number of bytes, and forwards the others', async () => {
    const stage = await start({ stall: { afterBytes: 1000, direction: 'up', times: 1 } });
    const stalled = await stage.open();
    const other = await stage.open();

    stalled.client.socket.write(Buffer.alloc(3000));
    await stalled.server.has(1000);
    other.client.socket.write(Buffer.alloc(3000));
    await other.server.has(3000);

    expect(stalled.server.received()).toHaveLength(1000);
    await stage.line.resume();
    await stalled.server.has(3000);
  });
});

test('the conditions of a line change while it is used, and its counts can begin again', async () => {
  const stage = await start({ reset: { afterBytes: 10, direction: 'up' } });
  const { client, server } = await stage.open();

  await stage.line.change({ reset: undefined });
  client.socket.write(Buffer.alloc(100));
  await server.has(100);
  await stage.line.clear();
  await stage.line.change({ reset: { afterBytes: 150, direction: 'up' } });
  client.socket.write(Buffer.alloc(100));

  expect(await server.ending).toBe('ECONNRESET');
  expect(await stage.line.stats()).toMatchObject({ connections: 0, resets: 1, forwarded: { up: 50 } });
});

async function start(options: Omit<LineOptions, 'to'> = {}) {
  const stage = await startStage(options);
  stages.push(stage);
  return stage;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2);
}
