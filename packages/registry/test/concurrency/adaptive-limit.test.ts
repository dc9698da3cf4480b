import { describe, expect, test } from 'vitest';

import { AdaptiveLimit } from '../../src/concurrency/adaptive-limit.js';

const megabyte = 1_000_000;
const tickMs = 10;

interface Conditions {
  /** Megabytes per second of one connection, and of all. */
  readonly connection: number;
  readonly line: number;
  /** Until the first byte of a blob. */
  readonly openMs?: number;
  readonly blobMegabytes?: number;
  /** Bytes that disappear at once in the buffers of a new connection. */
  readonly buffered?: number;
  /** The rate varies by this part in both directions, every 100 ms. */
  readonly noise?: number;
}

/** Blobs over a simulated line, as many as the limit allows, with a virtual clock. */
class SimulatedTransfers {
  readonly limit: AdaptiveLimit;
  now = 0;
  moved = 0;
  conditions: Conditions;
  #blobs: { age: number; left: number; buffer: number }[] = [];
  #seed = 7;
  #weather = 1;

  constructor(conditions: Conditions, cap?: number) {
    this.conditions = conditions;
    this.limit = new AdaptiveLimit(cap);
  }

  get inFlight(): number {
    return this.#blobs.length;
  }

  /** @returns the limit's value at each tick */
  run(seconds: number, demand = Infinity): readonly number[] {
    const values: number[] = [];
    for (const end = this.now + seconds * 1000; this.now < end; this.now += tickMs) {
      this.#start(demand);
      this.#move();
      values.push(this.limit.value);
    }
    return values;
  }

  #start(demand: number): void {
    const { blobMegabytes = 10, buffered = 0 } = this.conditions;
    while (this.#blobs.length < Math.min(demand, this.limit.value)) {
      this.#blobs.push({ age: 0, left: blobMegabytes * megabyte, buffer: buffered * megabyte });
    }
    this.limit.holds(this.#blobs.length, demand > this.limit.value, this.now);
  }

  #move(): void {
    const { connection, line, openMs = 300, noise = 0 } = this.conditions;
    if (this.now % 100 === 0) this.#weather = 1 + noise * (2 * this.#random() - 1);
    const open = this.#blobs.filter((blob) => blob.age >= openMs);
    const share = Math.min(connection, line / Math.max(1, open.length)) * megabyte * this.#weather;
    for (const blob of this.#blobs) {
      blob.age += tickMs;
      if (!open.includes(blob)) continue;
      const bytes = Math.min(blob.left, (share * tickMs) / 1000 + blob.buffer);
      blob.buffer = 0;
      blob.left -= bytes;
      this.moved += bytes;
      this.limit.moved(bytes, this.now);
    }
    this.#blobs = this.#blobs.filter(({ left }) => left > 0);
  }

  /** The same numbers in each run. */
  #random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('a limit of blobs in flight', () => {
  test.each([0, 0.2])(
    'a limit of blobs in flight grows within seconds to what a line of slow connections can carry (noise %d)',
    (noise) => {
      const transfers = new SimulatedTransfers({ connection: 4, line: 40, noise });

      transfers.run(3);

      expect(transfers.limit.value).toBeGreaterThanOrEqual(10);
      const before = transfers.moved;
      transfers.run(120);
      expect((transfers.moved - before) / 120).toBeGreaterThan(0.9 * 40 * megabyte);
    },
  );

  test('a limit of blobs in flight grows on a line of fast connections, too, if more of them are faster', () => {
    const transfers = new SimulatedTransfers({ connection: 40, line: 400, blobMegabytes: 200 });

    transfers.run(20);

    expect(transfers.limit.value).toBeGreaterThanOrEqual(10);
  });

  test.each<[string, Conditions]>([
    ['a fast line', { connection: 1_000, line: 300, openMs: 5, blobMegabytes: 80 }],
    ['a noisy fast line', { connection: 1_000, line: 300, openMs: 5, blobMegabytes: 80, noise: 0.25 }],
    ['a slow line', { connection: 1_000, line: 12, openMs: 20 }],
    ['a slow line with large buffers', { connection: 1_000, line: 12, openMs: 20, buffered: 3 }],
  ])('a limit of blobs in flight stays at three where more bring nothing: %s', (_, conditions) => {
    const values = new SimulatedTransfers(conditions).run(300);

    expect(mean(values)).toBeLessThan(3.6);
    expect(Math.max(...values)).toBeLessThanOrEqual(6);
  });

  test('a limit of blobs in flight grows later when the line has become better, and falls when more no longer help', () => {
    const transfers = new SimulatedTransfers({ connection: 1_000, line: 12 });
    transfers.run(30);

    transfers.conditions = { connection: 4, line: 60 };
    transfers.run(120);
    const better = transfers.limit.value;
    transfers.conditions = { connection: 1_000, line: 12 };
    transfers.run(600);

    expect(better).toBeGreaterThanOrEqual(12);
    expect(transfers.limit.value).toBeLessThan(better);
  });

  test.each([1, 2, 7])('a limit of blobs in flight never exceeds the cap: %d', (cap) => {
    const values = new SimulatedTransfers({ connection: 4, line: 400 }, cap).run(60);

    expect(Math.max(...values)).toBe(cap);
  });

  test('a limit of blobs in flight does not change while nothing waits for it', () => {
    const values = new SimulatedTransfers({ connection: 4, line: 400 }).run(60, 3);

    expect(new Set(values)).toEqual(new Set([3]));
  });

  test('a limit of blobs in flight is halved when the registry is busy, once a second, and grows again after a while', () => {
    const transfers = new SimulatedTransfers({ connection: 4, line: 400 });
    transfers.run(10);
    const before = transfers.limit.value;

    for (let times = 0; times < 5; times++) transfers.limit.pushedBack('busy', transfers.now);
    const halved = transfers.limit.value;
    const soon = transfers.run(9);
    transfers.run(60);

    expect([before, halved]).toEqual([24, 12]);
    expect(Math.max(...soon)).toBe(12);
    expect(transfers.limit.value).toBe(24);
  });

  test('a limit of blobs in flight falls to one if the registry stays busy, and returns to three whether that is faster or not', () => {
    const transfers = new SimulatedTransfers({ connection: 1_000, line: 12, openMs: 20 });
    transfers.run(1);

    for (const _ of [1, 2, 3]) {
      transfers.limit.pushedBack('busy', transfers.now);
      transfers.run(2);
    }
    const least = transfers.limit.value;
    transfers.run(120);

    expect(least).toBe(1);
    expect(transfers.limit.value).toBe(3);
  });

  test('a limit of blobs in flight falls no lower than three when connections are reset: that may be the line', () => {
    const transfers = new SimulatedTransfers({ connection: 4, line: 400 });
    transfers.run(10);

    const values = Array.from({ length: 6 }, () => {
      transfers.limit.pushedBack('reset', transfers.now);
      return transfers.run(2).at(-1);
    });

    expect(values).toEqual([12, 6, 3, 3, 3, 3]);
  });
});
