import { expect, test } from 'vitest';

import { ConnectionLimit } from '../src/blobs/ranges/connection-limit.js';

const windowMs = 500;
const mebibyte = 1024 * 1024;

/** Reads that always want more connections, on a line with these rates in bytes per second. */
class Reads {
  readonly limit: ConnectionLimit;
  now = 0;
  open = 0;
  isHeld = false;
  readonly line: { connection: number; all: number };

  constructor(line: { connection: number; all: number }, most = 16) {
    this.line = line;
    this.limit = new ConnectionLimit(most, { windowMs, now: 0 });
  }

  run(milliseconds: number): number {
    const stepMs = 25;
    for (const end = this.now + milliseconds; this.now < end; this.now += stepMs) {
      for (; this.open < this.limit.allowed; this.open += 1) this.limit.opened(this.now);
      for (; this.open > this.limit.allowed; this.open -= 1) this.limit.closed(this.now);
      const rate = Math.min(this.open * this.line.connection, this.line.all);
      this.limit.took((rate * stepMs) / 1000, this.now);
      if (!this.isHeld) this.limit.wants(this.now);
      this.limit.check(this.now);
    }
    return this.limit.allowed;
  }
}

test('the connections of a divided read double while they bring more, up to what the user allows', () => {
  expect(new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte }).run(10_000)).toBe(16);
  expect(new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte }, 5).run(10_000)).toBe(5);
});

test('a line that one connection fills gets a second one only for a measurement', () => {
  const reads = new Reads({ connection: 50 * mebibyte, all: 50 * mebibyte });
  const seen = Array.from({ length: 40 }, () => reads.run(100));

  expect(Math.max(...seen)).toBe(2);
  expect(seen.at(-1)).toBe(1);
});

test('connections beyond what the line carries are given up again', () => {
  const reads = new Reads({ connection: 10 * mebibyte, all: 42 * mebibyte });
  reads.run(4_000);

  expect(reads.limit.allowed).toBe(5);
});

test('a line that becomes faster gets more connections later', () => {
  const reads = new Reads({ connection: 10 * mebibyte, all: 10 * mebibyte });
  expect(reads.run(4_000)).toBe(1);

  reads.line.all = 80 * mebibyte;

  expect(reads.run(10_000)).toBe(8);
});

test('a blob from a fast line is never read over several connections', () => {
  const reads = new Reads({ connection: 120 * mebibyte, all: 1000 * mebibyte });
  const seen = Array.from({ length: 100 }, () => reads.run(100));

  expect(Math.max(...seen)).toBe(1);
});

test('receivers that take no more than one connection brings get no further one', () => {
  const reads = new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte });
  reads.isHeld = true;

  expect(reads.run(10_000)).toBe(1);
});

test('a server that refuses the fifth connection gets no more than four for five minutes', () => {
  const reads = new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte });
  const { limit } = reads;
  for (let second = 0; limit.allowed < 5; second += 1) reads.run(100);
  while (reads.open > 5) {
    limit.closed(reads.now);
    reads.open -= 1;
  }
  while (reads.open < 5) {
    limit.opened(reads.now);
    reads.open += 1;
  }

  limit.pushedBack(reads.now);

  expect(limit.allowed).toBe(4);
  expect(reads.run(60_000)).toBe(4);
  expect(limit.hasRoomForRescue).toBe(false);
  expect(reads.run(300_000)).toBe(16);
});

test('a blob is read over one connection where the user says so, and where a server sends no ranges', () => {
  const single = new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte }, 1);
  const refused = new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte });
  refused.run(10_000);
  refused.limit.refuse(refused.now);

  expect([single.run(10_000), single.limit.isRefused]).toEqual([1, true]);
  expect([refused.limit.allowed, refused.limit.hasRoom]).toEqual([1, false]);
});

test('a server that sent no ranges gets requests for them again after an hour', () => {
  const { limit } = new Reads({ connection: 2 * mebibyte, all: 100 * mebibyte });
  limit.refuse(0);

  limit.opened(59 * 60_000);
  const beforeThat = limit.isRefused;
  limit.opened(60 * 60_000);

  expect([beforeThat, limit.isRefused]).toEqual([true, false]);
});

test('a line that stands still gets no further connections, and all of them when it moves again', () => {
  const reads = new Reads({ connection: 0, all: 100 * mebibyte });

  const whileStill = reads.run(10_000);
  reads.line.connection = 2 * mebibyte;

  expect([whileStill, reads.run(10_000)]).toEqual([1, 16]);
});
