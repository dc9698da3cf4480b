import { describe, expect, test } from 'vitest';

import { SlowTargetDetector } from '../src/blobs/slow-target-detector.js';
import { SlowTargets } from '../src/blobs/slow-targets.js';
import type { SlowTargetTrial } from '../src/blobs/slow-targets.js';

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

describe('a target that was dropped from one blob', () => {
  /** Drops a target at 1 s, where the other had 1 MB/s, and lets the other have its rate for some seconds. */
  async function afterDrop(megabytesPerSecond: number, targets = new SlowTargets()): Promise<boolean> {
    const trial = targets.trial();
    const other = detector(200, { name: 'other', trial });
    let isSlow: Promise<boolean> | undefined;
    for (let now = 50; now <= 8_000; now += 50) {
      if (now === 1_000) isSlow = detector(200, { trial }).drop(now);
      other.sent(((now < 1_000 ? 1 : megabytesPerSecond) * megabyte) / 20);
      other.isTooSlow(now);
    }
    trial.end(8_000);
    return (await isSlow) ?? false;
  }

  test.each([
    [1, false],
    [1.5, false],
    [3, true],
    [50, true],
  ])(
    'a target that was dropped from one blob is slow for all if the other is at %d MB/s without it, after 1 MB/s with it: %s',
    async (rate, expected) => {
      expect(await afterDrop(rate)).toBe(expected);
    },
  );

  test('a target that was dropped from one blob is not dropped from others if it is not slow, for a while', async () => {
    const targets = new SlowTargets();
    await afterDrop(1, targets);

    expect([5_000, 30_000, 60_000].map((now) => targets.mayDrop('target', now))).toEqual([false, false, true]);
  });

  test('a target that was dropped from one blob and proved slow is slow for all blobs at once afterwards', async () => {
    const targets = new SlowTargets();
    await afterDrop(50, targets);

    expect(targets.mayDrop('target', 9_000)).toBe(true);
    expect(await targets.trial().drops('target', 9_000)).toBe(true);
  });

  test('a target that was dropped from one blob is dropped from no other before its speed is known', () => {
    const targets = new SlowTargets();
    void targets.trial().drops('target', 1_000);

    expect([targets.mayDrop('target', 2_000), targets.mayDrop('other', 2_000)]).toEqual([false, true]);
  });

  test.each([
    [100, 10, true],
    [100, 1, false],
    [5, 5, true],
    [5, 3, false],
  ])(
    'a target that was dropped from one blob is judged when that blob has ended: %d MB more, %d times as fast: %s',
    async (megabytes, factor, expected) => {
      const trial = new SlowTargets().trial();
      trial.hasRate('other', 1_000);

      const isSlow = trial.drops('target', 1_000);
      trial.sent('other', megabytes * megabyte);
      trial.end(1_000 + (megabytes * 1_000) / factor);

      expect(await isSlow).toBe(expected);
    },
  );
});

interface Judged {
  readonly load?: number;
  readonly name?: string;
  readonly trial?: SlowTargetTrial;
}

function detector(
  blobMegabytes: number,
  { load = 3, name = 'target', trial = new SlowTargets().trial() }: Judged = {},
): SlowTargetDetector {
  return new SlowTargetDetector(blobMegabytes * megabyte, { windowMs, now: 0, target: name, load: () => load, trial });
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
