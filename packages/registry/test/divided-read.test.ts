import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { answer, onAnswerOver, sha256 } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import { clientFor, impatient, repository, startScripted } from '../../../test/support/scripted-set-up.js';
import { startBlobHash } from '../src/blobs/blob-hash.js';
import { BlobRead } from '../src/blobs/blob-read.js';
import type { Digest, RegistryClient } from '../src/index.js';

const mebibyte = 1024 * 1024;
const size = 20 * mebibyte;
const connectionBytesPerSecond = 32 * mebibyte;
const timing = { ...impatient, rateWindowMs: 40, starvedMs: 300, idleMs: 5_000 };

/** Sends what a request wants, no faster than a connection of a long line. */
async function sendSlowly({ request, response }: Exchange, blob: Buffer, stopAfter = Infinity): Promise<void> {
  const { first, end } = rangeOf(request.headers.range, blob.length);
  const isRange = request.headers.range !== undefined;
  const range = { 'content-range': `bytes ${first}-${end - 1}/${blob.length}` };
  response.writeHead(isRange ? 206 : 200, { 'content-length': String(end - first), ...(isRange ? range : {}) });
  const step = connectionBytesPerSecond / 100;
  for (let at = first; at < Math.min(end, first + stopAfter) && !response.destroyed; at += step) {
    response.write(blob.subarray(at, Math.min(at + step, end, first + stopAfter)));
    await sleep(10);
  }
  if (stopAfter === Infinity) response.end();
}

/** The same at 50 kB per second. */
async function drip({ request, response }: Exchange, blob: Buffer): Promise<void> {
  const { first, end } = rangeOf(request.headers.range, blob.length);
  const range = { 'content-range': `bytes ${first}-${end - 1}/${blob.length}` };
  response.writeHead(206, { 'content-length': String(end - first), ...range });
  for (let at = first; at < end && !response.destroyed; at += 1000) {
    response.write(blob.subarray(at, Math.min(at + 1000, end)));
    await sleep(20);
  }
}

function rangeOf(header: string | undefined, length: number): { readonly first: number; readonly end: number } {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header ?? '') ?? [];
  return first === undefined ? { first: 0, end: length } : { first: Number(first), end: Number(last) + 1 };
}

interface Placed {
  readonly blob: Buffer;
  readonly digest: Digest;
}

function placeBlob(source: ScriptedRegistry, bytes = size): Placed {
  const blob = randomBytes(bytes);
  const digest = source.putBlob(repository, blob) as Digest;
  source.when('GET', new RegExp(digest), (exchange) => sendSlowly(exchange, blob));
  return { blob, digest };
}

function rangesOf(source: ScriptedRegistry, part = '/blobs/'): readonly (string | undefined)[] {
  return source.requests.filter(({ path }) => path.includes(part)).map(({ headers }) => headers.range);
}

/** A client that has found out earlier that this number of connections makes the server faster. */
function clientWith(
  source: ScriptedRegistry,
  connections: number,
  { server = source, backoffMs = 5 }: { readonly server?: ScriptedRegistry; readonly backoffMs?: number } = {},
): RegistryClient {
  const client = clientFor([source, server], { timing: { ...timing, backoffMs } });
  const windowMs = 3_600_000;
  const limit = client.ranges.limitOf({ source: source.host, server: server.host }, { most: 16, windowMs });
  let [now, open] = [performance.now(), 0];
  for (; limit.allowed < connections; now += windowMs / 4) {
    for (; open < limit.allowed; open += 1) limit.opened(now);
    limit.took(open, now);
    limit.wants(now);
    limit.check(now);
  }
  for (; open > 0; open -= 1) limit.closed(now);
  return client;
}

interface Reading {
  readonly read: BlobRead;
  readonly chunks: Buffer[];
  /** All bytes that came from the network. */
  arrived(): number;
  handed(): number;
  readonly done: Promise<void>;
}

function readBlob(
  client: RegistryClient,
  source: ScriptedRegistry,
  { blob, digest }: Placed,
  { offset = 0, signal = new AbortController().signal, isPaused = false, onChunk = () => {} }: ReadChanges = {},
): Reading {
  const chunks: Buffer[] = [];
  let [arrived, handed] = [0, 0];
  const hash = startBlobHash(digest);
  hash.update(blob.subarray(0, offset));
  const read = new BlobRead(
    client,
    { side: 'source', host: source.host, repository },
    { digest, size: blob.length, mediaType: 'application/octet-stream' },
    {
      hash,
      signal,
      handlers: {
        onBytesRead: (bytes) => (arrived += bytes),
        onChunk(bytes) {
          chunks.push(Buffer.from(bytes));
          handed += bytes.length;
          onChunk(handed);
        },
      },
    },
  );
  if (isPaused) read.pause();
  const done = read.run();
  done.catch(() => {});
  return { read, chunks, arrived: () => arrived, handed: () => handed, done };
}

interface ReadChanges {
  readonly offset?: number;
  readonly signal?: AbortSignal;
  readonly isPaused?: boolean;
  readonly onChunk?: (handed: number) => void;
}

function contentOf({ chunks }: Reading): string {
  return sha256(Buffer.concat(chunks));
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

/** Counts the answers that the server is sending. */
function openAnswers(source: ScriptedRegistry, { blob, digest }: Placed): () => number {
  let open = 0;
  source.when('GET', new RegExp(digest), async (exchange) => {
    open += 1;
    onAnswerOver(exchange, () => (open -= 1));
    await sendSlowly(exchange, blob);
  });
  return () => open;
}

describe('a large blob that is read over several connections', () => {
  test('a large blob that is read over several connections arrives in order, each byte once', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);

    const reading = readBlob(clientWith(source, 8), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    expect(rangesOf(source)[0]).toBe(undefined);
    expect(rangesOf(source).length).toBeGreaterThanOrEqual(8);
    expect(reading.arrived()).toBeLessThan(1.1 * size);
  });

  test('a large blob that is read over several connections begins where an earlier read stopped', async () => {
    const source = await startScripted();
    const placed = placeBlob(source, size + 5_000_001);

    const reading = readBlob(clientWith(source, 4), source, placed, { offset: 5_000_001 });
    await reading.done;

    expect(contentOf(reading)).toBe(sha256(placed.blob.subarray(5_000_001)));
    expect(rangesOf(source)[0]).toBe(`bytes=5000001-${size + 5_000_000}`);
    expect(rangesOf(source).length).toBeGreaterThan(3);
  });

  test('a large blob is read over one connection where hosts.HOST.connections is 1', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const client = clientFor([source], { timing, hosts: new Map([[source.host, { readConnections: 1 }]]) });

    await readBlob(client, source, placed).done;

    expect(rangesOf(source)).toEqual([undefined]);
  });

  test('a range of a blob that brings nothing while the delivery waits for it is requested again from where it stopped', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const stalled: number[] = [];
    source.when('GET', new RegExp(placed.digest), async (exchange) => {
      const { first } = rangeOf(exchange.request.headers.range, size);
      if (first === 0 || stalled.length > 0) return sendSlowly(exchange, placed.blob);
      stalled.push(first);
      await sendSlowly(exchange, placed.blob, 100_000);
    });

    const reading = readBlob(clientWith(source, 4), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    const again = (stalled[0] ?? 0) + 100_000;
    expect(rangesOf(source).map((range) => rangeOf(range, size).first)).toContain(again);
  });

  test('a range of a blob that is far slower than the others is requested again', async () => {
    const source = await startScripted();
    const placed = placeBlob(source, 2 * size);
    let slow: number | undefined;
    source.when('GET', new RegExp(placed.digest), async (exchange) => {
      const { first } = rangeOf(exchange.request.headers.range, 2 * size);
      if (first === 0 || slow !== undefined) return sendSlowly(exchange, placed.blob);
      slow = first;
      await drip(exchange, placed.blob);
    });

    const reading = readBlob(clientWith(source, 4), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    const near = rangesOf(source).filter((range) => {
      const { first } = rangeOf(range, 2 * size);
      return first >= (slow ?? Infinity) && first < (slow ?? 0) + 500_000;
    });
    expect(near.length).toBeGreaterThanOrEqual(2);
  });

  test('the first connection of a divided read is replaced, too, if it stalls', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    source.when('GET', new RegExp(placed.digest), (exchange) => sendSlowly(exchange, placed.blob, 300_000), 1);

    const reading = readBlob(clientWith(source, 1), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    expect(rangesOf(source)[1]).toBe(`bytes=300000-${size - 1}`);
  });

  test('a divided read whose next bytes no connection brings goes on at once if the server sends no ranges any more', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const { blob, digest } = placed;
    let asked = 0;
    source.when('GET', new RegExp(digest), async (exchange) => {
      asked += 1;
      if (asked === 1) {
        void until(() => asked === 2).then(() => exchange.response.destroy());
        await sendSlowly(exchange, blob);
      } else if (asked === 2) await drip(exchange, blob);
      else if (asked === 3) exchange.response.end(blob);
      else await sendSlowly(exchange, blob);
    });

    const reading = readBlob(clientWith(source, 2), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(digest);
    expect(asked).toBe(4);
  });

  test('a range of a blob whose connection breaks continues where it broke', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    let broken = 0;
    source.when('GET', new RegExp(placed.digest), async (exchange) => {
      const { first } = rangeOf(exchange.request.headers.range, size);
      if (first === 0 || broken === 3) return sendSlowly(exchange, placed.blob);
      broken += 1;
      await sendSlowly(exchange, placed.blob, 400_000);
      exchange.response.socket?.resetAndDestroy();
    });

    const reading = readBlob(clientWith(source, 4), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    expect(broken).toBe(3);
    expect(reading.arrived()).toBeLessThan(1.1 * size);
  });
});

describe('a server that does not take part', () => {
  test.each([
    ['ignores ranges', ({ response }: Exchange, blob: Buffer) => answer(response, 200, {}, blob)],
    [
      'sends another range',
      ({ response }: Exchange, blob: Buffer) =>
        answer(response, 206, { 'content-range': `bytes 0-99/${blob.length}` }, blob.subarray(0, 100)),
    ],
    [
      'sends a part of another blob',
      ({ request, response }: Exchange, blob: Buffer) => {
        const { first, end } = rangeOf(request.headers.range, blob.length);
        answer(response, 206, { 'content-range': `bytes ${first}-${end - 1}/5` }, blob.subarray(first, end));
      },
    ],
    ['knows no ranges', ({ response }: Exchange) => answer(response, 416)],
  ])(
    'a server that %s is read over the first connection, which does not break, and gets no range again',
    async (_, reply) => {
      const source = await startScripted();
      const placed = [placeBlob(source), placeBlob(source)];
      const client = clientWith(source, 8);
      for (const { digest, blob } of placed) {
        source.when('GET', new RegExp(digest), async (exchange) => {
          if (exchange.request.headers.range === undefined) await exchange.ordinary();
          else reply(exchange, blob);
        });
        source.when('GET', new RegExp(digest), (exchange) => sendSlowly(exchange, blob), 1);
      }

      for (const each of placed) {
        const reading = readBlob(client, source, each);
        await reading.done;
        expect(contentOf(reading)).toBe(each.digest);
      }

      expect(rangesOf(source, placed[0]?.digest).filter((range) => range === undefined)).toHaveLength(1);
      expect(rangesOf(source, placed[1]?.digest)).toEqual([undefined]);
    },
  );

  test.each([
    ['429', ({ response }: Exchange) => answer(response, 429, { 'retry-after': '1' })],
    ['503', ({ response }: Exchange) => answer(response, 503)],
    ['a reset', ({ response }: Exchange) => response.socket?.resetAndDestroy()],
  ])(
    'a server that answers the third connection with %s is read over two, also for the next blob',
    async (_, refuse) => {
      const source = await startScripted();
      const [one, next] = [placeBlob(source), placeBlob(source)];
      const client = clientWith(source, 8);
      let [open, most] = [0, 0];
      for (const { digest, blob } of [one, next]) {
        source.when('GET', new RegExp(digest), async (exchange) => {
          if (open === 2) {
            refuse(exchange);
            return;
          }
          most = Math.max(most, (open += 1));
          onAnswerOver(exchange, () => (open -= 1));
          await sendSlowly(exchange, blob);
        });
      }

      const first = readBlob(client, source, one);
      await first.done;
      const refusedAtFirst = client.ranges.limitOf(
        { source: source.host, server: source.host },
        { most: 16, windowMs: 1 },
      ).allowed;
      const second = readBlob(client, source, next);
      await second.done;

      expect([contentOf(first), contentOf(second)]).toEqual([one.digest, next.digest]);
      expect(refusedAtFirst).toBeLessThanOrEqual(2);
      expect(most).toBe(2);
    },
  );

  test('a server that has no room for another blob gets that room from a large one', async () => {
    const source = await startScripted();
    const placed = placeBlob(source, 3 * size);
    const small = randomBytes(1000);
    const smallDigest = source.putBlob(repository, small) as Digest;
    const client = clientWith(source, 3, { backoffMs: 100 });
    const open = openAnswers(source, placed);
    source.when('GET', new RegExp(smallDigest), async ({ response, ordinary }) => {
      if (open() >= 3) answer(response, 429);
      else await ordinary();
    });

    const large = readBlob(client, source, placed);
    await until(() => open() >= 3);
    const other = readBlob(client, source, { blob: small, digest: smallDigest });
    await Promise.all([large.done, other.done]);

    expect(contentOf(other)).toBe(smallDigest);
    expect(contentOf(large)).toBe(placed.digest);
  });

  test('a server that puts wrong bytes into ranges is detected by the digest; the blob is then read over one connection', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const client = clientWith(source, 4);
    source.when('GET', new RegExp(placed.digest), (exchange) => {
      const isRange = exchange.request.headers.range !== undefined;
      return sendSlowly(exchange, isRange ? Buffer.alloc(size) : placed.blob);
    });

    await expect(readBlob(client, source, placed).done).rejects.toThrow('its bytes are');
    const before = source.requests.length;
    const again = readBlob(client, source, placed);
    await again.done;

    expect(contentOf(again)).toBe(placed.digest);
    expect(rangesOf(source).slice(before)).toEqual([undefined]);
  });
});

describe('a storage behind a redirect', () => {
  test('a storage behind a redirect is asked directly for the other ranges, without the authorization of the registry', async () => {
    const [source, storage] = [await startScripted(), await startScripted()];
    const placed = placeBlob(source);
    source.when('GET', new RegExp(placed.digest), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/layer?signature=1` }),
    );
    storage.when('GET', /signature/, (exchange) => sendSlowly(exchange, placed.blob));

    const reading = readBlob(clientWith(source, 4, { server: storage }), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    expect(source.count('GET', /blobs/)).toBe(1);
    expect(storage.count('GET', /signature/)).toBeGreaterThan(3);
    expect(storage.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('a storage behind a redirect whose address expires gets a new one from the registry, once', async () => {
    const [source, storage] = [await startScripted(), await startScripted()];
    const placed = placeBlob(source);
    let signature = 0;
    source.when('GET', new RegExp(placed.digest), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/layer?signature=${++signature}` }),
    );
    storage.when('GET', /signature/, (exchange) => sendSlowly(exchange, placed.blob));
    storage.when('GET', /signature=1/, ({ response }) => answer(response, 403, {}, Buffer.from('Expired')));
    storage.when('GET', /signature=1/, (exchange) => sendSlowly(exchange, placed.blob), 1);

    const reading = readBlob(clientWith(source, 4, { server: storage }), source, placed);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
    expect(signature).toBe(2);
    expect(storage.count('GET', /signature=2/)).toBeGreaterThan(3);
  });
});

describe('the receivers of a blob', () => {
  test('the receivers of a blob stop all connections when they pause, within the memory for all blobs of a process', async () => {
    const source = await startScripted();
    const placed = Array.from({ length: 4 }, () => placeBlob(source));
    const client = clientWith(source, 16);
    const freeBytes = client.ranges.budget.freeBytes;
    let least = freeBytes;

    const readings = placed.map((each) => {
      const reading = readBlob(client, source, each, {
        onChunk(handed) {
          if (handed > mebibyte && !isResumed) reading.read.pause();
        },
      });
      return reading;
    });
    let isResumed = false;
    let arrived = -1;
    await until(() => client.ranges.budget.isFull);
    for (let all = 0; all !== arrived; all = readings.reduce((sum, each) => sum + each.arrived(), 0)) {
      arrived = all;
      least = Math.min(least, client.ranges.budget.freeBytes);
      await sleep(200);
    }
    const ahead = arrived - readings.reduce((sum, each) => sum + each.handed(), 0);
    isResumed = true;
    for (const { read } of readings) read.resume();
    await Promise.all(readings.map(({ done }) => done));

    expect(ahead).toBeGreaterThan(20 * mebibyte);
    expect(ahead).toBeLessThan(64 * mebibyte);
    expect(readings.map(contentOf)).toEqual(placed.map(({ digest }) => digest));
    expect(client.ranges.budget.freeBytes).toBe(freeBytes);
  });

  test('the receivers of a blob can pause before the first byte, and again and again', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);

    const reading = readBlob(clientWith(source, 8), source, placed, {
      isPaused: true,
      onChunk() {
        reading.read.pause();
        setTimeout(() => reading.read.resume(), 2);
      },
    });
    setTimeout(() => reading.read.resume(), 100);
    await reading.done;

    expect(contentOf(reading)).toBe(placed.digest);
  });

  test('the receivers of a blob can stop it in the middle: all connections end', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const open = openAnswers(source, placed);
    const client = clientWith(source, 4);
    const freeBytes = client.ranges.budget.freeBytes;

    const reading = readBlob(client, source, placed, {
      onChunk(handed) {
        if (handed > 6 * mebibyte) reading.read.stop();
      },
    });
    await reading.done;
    await until(() => open() === 0);

    expect(reading.handed()).toBeLessThan(size);
    expect(client.ranges.budget.freeBytes).toBe(freeBytes);
    expect(rangesOf(source).length).toBeGreaterThan(3);
  });

  test('all connections of a divided read end when the copy is aborted', async () => {
    const source = await startScripted();
    const placed = placeBlob(source);
    const open = openAnswers(source, placed);
    const abort = new AbortController();
    onTestFinished(() => abort.abort());

    const reading = readBlob(clientWith(source, 4), source, placed, {
      signal: abort.signal,
      onChunk(handed) {
        if (handed > 6 * mebibyte) abort.abort(new Error('the user has had enough'));
      },
    });

    await expect(reading.done).rejects.toThrow('the user has had enough');
    await until(() => open() === 0);
    expect(rangesOf(source).length).toBeGreaterThan(3);
    expect(reading.handed()).toBeLessThan(size);
  });
});
