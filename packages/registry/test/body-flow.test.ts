import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { flowBody } from '../src/transport/body-flow.js';
import type { BodyFlow, TakeBytes } from '../src/transport/body-tap.js';
import { unpooled } from '../src/transport/buffer-pool.js';
import type { BufferLease } from '../src/transport/buffer-pool.js';
import { canBypass } from '../src/transport/parser-bypass.js';
import { startPlain, startTls } from './support/bulk-reader.js';

interface Arrival {
  readonly pieces: Buffer[];
  readonly leases: BufferLease[];
  readonly flow: BodyFlow;
  readonly over: Promise<string>;
}

/** Keeps every buffer without copying it, as a target does that has not sent it yet. */
function receive(response: IncomingMessage, onPiece: (flow: () => BodyFlow | undefined) => void = () => {}): Arrival {
  const pieces: Buffer[] = [];
  const leases: BufferLease[] = [];
  const own: { flow?: BodyFlow } = {};
  const over = new Promise<string>((resolve) => {
    response.once('end', () => resolve('end'));
    response.once('close', () => resolve('close'));
  });
  const take: TakeBytes = (bytes, lease) => {
    lease.keep();
    pieces.push(bytes);
    leases.push(lease);
    onPiece(() => own.flow);
  };
  const flow = flowBody(response, take);
  own.flow = flow;
  return { pieces, leases, flow, over };
}

describe.each([
  ['plain', startPlain],
  ['TLS', startTls],
])('a body of known length over a %s connection', (_, start) => {
  test('a body of known length is read directly from the connection, byte for byte, also in parallel, and a held buffer does not change', async () => {
    const bodies = [5_000_000, 700_001, 1, 100_000].map((size) => randomBytes(size));
    const get = await start(send(bodies));

    const arrivals = await Promise.all(bodies.map(async (_body, position) => receive(await get(`/${position}`))));
    const ends = await Promise.all(arrivals.map(async ({ over }) => over));

    expect(ends).toEqual(['end', 'end', 'end', 'end']);
    expect(arrivals.map(({ pieces }, position) => bodies[position]?.equals(Buffer.concat(pieces)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    // The part that arrived with the head is a copy that the reader owns. Later buffers are lent by the reader's pool.
    expect(arrivals[0]?.leases.filter((lease) => lease !== unpooled).length).toBeGreaterThan(0);
  });

  test('the memory of a released buffer is used for the next read', async () => {
    const body = randomBytes(4_000_000);
    const get = await start(send([body]));
    const first = receive(await get('/0'));
    await first.over;
    for (const lease of first.leases) lease.release();

    const second = receive(await get('/0'));
    await second.over;

    const memory = new Set(first.pieces.map(({ buffer }) => buffer));
    expect(Buffer.concat(second.pieces).equals(body)).toBe(true);
    expect(second.pieces.filter(({ buffer }) => memory.has(buffer)).length).toBeGreaterThan(0);
  });

  test('a body stops while its reader pauses, and its connection then serves the next request, at whatever point it paused', async () => {
    const bodies = [3_000_000, 300_000].map((size) => randomBytes(size));
    const connections = new Set<unknown>();
    const get = await start((request, response) => {
      connections.add(request.socket);
      send(bodies)(request, response);
    });
    const lengths: number[] = [];

    for (const position of [0, 1, 0, 1]) {
      const arrival = receive(await get(`/${position}`), (flow) => {
        // This includes the last buffer, after which no event would resume the connection.
        flow()?.pause();
        setTimeout(() => flow()?.resume(), 1);
      });
      await arrival.over;
      lengths.push(Buffer.concat(arrival.pieces).length);
      await nextTurn();
    }

    expect(lengths).toEqual([3_000_000, 300_000, 3_000_000, 300_000]);
    expect(connections.size).toBe(1);
  });

  test('a paused body leaves only the buffers in flight in the flow', async () => {
    const body = randomBytes(20_000_000);
    const get = await start(send([body]));
    const arrival = receive(await get('/0'));
    arrival.flow.pause();
    await sleep(50);
    const before = arrival.pieces.length;
    await sleep(50);
    const after = arrival.pieces.length;
    arrival.flow.resume();
    await arrival.over;

    expect(after).toBe(before);
    expect(Buffer.concat(arrival.pieces).equals(body)).toBe(true);
  });

  test('a body that breaks off delivers what arrived before the break', async () => {
    const body = randomBytes(400_000);
    const get = await start((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write(body, () => response.socket?.end());
    });

    const response = await get('/0');
    response.on('error', () => {});
    const arrival = receive(response);
    const over = await arrival.over;

    expect(over).toBe('close');
    expect(Buffer.concat(arrival.pieces).equals(body)).toBe(true);
  });

  test('a closed body delivers nothing more', async () => {
    const get = await start(send([randomBytes(5_000_000)]));
    const arrival = receive(await get('/0'));
    arrival.flow.close();

    const before = arrival.pieces.length;
    await sleep(50);

    expect(arrival.pieces.length).toBe(before);
  });

  test('the direct reads work with what this version of Node.js has', async () => {
    const get = await start(send([randomBytes(1_000_000)]));
    const response = await get('/0');

    expect(canBypass(response.socket)).toBe(true);
    response.destroy();
  });
});

test.each([
  ['plain', startPlain],
  ['TLS', startTls],
])('a chunked body is read by the parser over a %s connection', async (_, start) => {
  const body = randomBytes(1_000_000);
  const get = await start((_request, response) => {
    response.write(body.subarray(0, 400_000));
    response.end(body.subarray(400_000));
  });

  const arrival = receive(await get('/'));
  await arrival.over;

  expect(Buffer.concat(arrival.pieces).equals(body)).toBe(true);
  expect(new Set(arrival.leases)).toEqual(new Set([unpooled]));
});

function send(bodies: readonly Buffer[]): RequestListener {
  return (request, response) => {
    const body = bodies[Number(request.url?.slice(1))] ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-length': body.length });
    response.end(body);
  };
}
