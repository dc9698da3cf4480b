import { expect, test } from 'vitest';

import { SlowTargetDetector } from '../src/blobs/slow-target-detector.js';
import { SlowTargets, trialBytes } from '../src/blobs/slow-targets.js';

const megabyte = 1_000_000;
const windowMs = 250;

interface Window {
  /** The share of the window in which the others waited for this target. */
  readonly waited: number;
  readonly megabytes: number;
}

test.each<[string, number, readonly Window[], readonly boolean[]]>([
  ['a steady slow one', 200, slow(3), [false, true, true]],
  ['one that is only slow at first, and doubles', 200, doubling(6), [false, false, false, false, false, false]],
  ['one that hiccups once', 200, [slow(1), fast(1), slow(1)].flat(), [false, false, false]],
  ['one that takes turns with another', 200, [{ waited: 0.5, megabytes: 1 }, ...slow(1)], [false, false]],
  ['one that stops altogether', 200, [slow(1), { waited: 1, megabytes: 0 }].flat(), [false, true]],
  ['one that is slow and nearly done', 8, slow(3), [false, false, false]],
  ['one that becomes slow late', 2000, [fast(40), slow(2)].flat(), [...fast(40).map(() => false), false, true]],
])("a target is judged by its share of the others' waits: %s", (_, blobMegabytes, windows, verdicts) => {
  const target = detector(blobMegabytes);

  const judged = windows.map(({ waited, megabytes }, position) => {
    target.sent(megabytes * megabyte);
    target.waited(waited * windowMs);
    return target.isTooSlow((position + 1) * windowMs);
  });

  expect(judged).toEqual(verdicts);
});

test('with many blobs in flight to a target, each is judged by more windows', () => {
  const target = detector(200, { load: 12 });

  const judged = slow(6).map((_, position) => {
    target.sent(megabyte);
    target.waited(0.95 * windowMs);
    return target.isTooSlow((position + 1) * windowMs);
  });

  expect(judged).toEqual([...Array.from({ length: 3 }, () => false), true, true, true]);
});

/** Tries a target while the others have these rates, in MB/s; buffers take some MB of the others at once. */
function tried(own: number, others: readonly number[], { targets = new SlowTargets(), bufferMegabytes = 4 } = {}) {
  const names = others.map((_, position) => `other${position}`);
  const trial = targets.try('target', ['target', ...names], 0);
  // The slowest of the others sets the pace of the source.
  let queued = 0;
  for (let now = 50; now <= 10_000; now += 50) {
    trial.sent('target', (own * megabyte) / 20);
    for (const [position, rate] of others.entries()) {
      const burst = now === 50 ? bufferMegabytes * megabyte : 0;
      trial.sent(names[position] ?? '', burst + (rate * megabyte) / 20);
    }
    queued += ((Math.min(...others) - own) * megabyte) / 20 + (now === 50 ? bufferMegabytes * megabyte : 0);
    const isSlow = trial.check(queued >= trialBytes, now);
    if (isSlow !== undefined) return isSlow;
  }
  return undefined;
}

test.each([
  [4, [4], false],
  [4, [4.1, 4], false],
  [4, [7], false],
  [4, [12], true],
  [1, [100], true],
  [0, [3], true],
  [4, [100, 4], false],
  [100, [100], false],
  [0.2, [0.2], false],
])('a target at %d MB/s is too slow for others that would have %j MB/s: %s', (own, others, expected) => {
  expect(tried(own, others)).toBe(expected);
});

test('a target of a fast line that takes nothing for a third of a second is not too slow: its queue is full at once', () => {
  const trial = new SlowTargets().try('target', ['other'], 0);
  let [queued, now] = [0, 0];
  let isSlow: boolean | undefined;

  for (; isSlow === undefined; isSlow = trial.check(queued >= trialBytes, now)) {
    now += 50;
    const own = now <= 350 ? 0 : 3 * megabyte;
    // The other one waits while the queue is full.
    const other = queued >= trialBytes ? own : 3 * megabyte;
    trial.sent('target', own);
    trial.sent('other', other);
    queued += other - own;
  }

  expect(isSlow).toBe(false);
});

test('a target that proved equal is not tried again for a while, and longer each time', () => {
  const targets = new SlowTargets();
  const trials = [5_000, 32_000, 60_000].map((now) => targets.mayTry('target', now));
  expect(trials).toEqual([true, true, true]);

  expect(tried(4, [4], { targets })).toBe(false);
  expect([5_000, 30_000, 60_000].map((now) => targets.mayTry('target', now))).toEqual([false, false, true]);
});

test('a target that proved slow is slow for every blob for a minute', () => {
  const targets = new SlowTargets();
  expect(tried(1, [50], { targets })).toBe(true);

  expect([5_000, 50_000, 70_000].map((now) => targets.isSlow('target', now))).toEqual([true, true, false]);
});

test('one blob at a time tries a target', () => {
  const targets = new SlowTargets();
  targets.try('target', ['other'], 1_000);

  expect([targets.mayTry('target', 2_000), targets.mayTry('other', 2_000)]).toEqual([false, true]);
});

test('a target whose blob has ended before its trial has kept up', () => {
  const targets = new SlowTargets();
  const trial = targets.try('target', ['other'], 0);
  trial.sent('other', 6 * megabyte);
  trial.end(1_000);

  expect(targets.isSlow('target', 1_000)).toBe(false);
});

interface Judged {
  readonly load?: number;
}

function detector(blobMegabytes: number, { load = 3 }: Judged = {}): SlowTargetDetector {
  const targets = new SlowTargets();
  return new SlowTargetDetector(blobMegabytes * megabyte, {
    windowMs,
    now: 0,
    target: 'target',
    load: () => load,
    targets,
  });
}

function slow(count: number): readonly Window[] {
  return Array.from({ length: count }, () => ({ waited: 0.95, megabytes: 0.5 }));
}

function fast(count: number): readonly Window[] {
  return Array.from({ length: count }, () => ({ waited: 0.1, megabytes: 20 }));
}

function doubling(count: number): readonly Window[] {
  return Array.from({ length: count }, (_, position) => ({ waited: 0.95, megabytes: 0.05 * 2 ** position }));
}
