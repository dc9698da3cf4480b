import { expect, test } from 'vitest';

import { HoldUps } from '../src/blobs/hold-ups.js';
import { SlowTargetDetector } from '../src/blobs/slow-target-detector.js';

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
  const target = new SlowTargetDetector(blobMegabytes * megabyte, {
    windowMs,
    now: 0,
    holdUps: new HoldUps().of('target'),
  });

  const judged = windows.map(({ waited, megabytes }, position) => {
    target.sent(megabytes * megabyte);
    target.waited(waited * windowMs);
    return target.isTooSlow((position + 1) * windowMs);
  });

  expect(judged).toEqual(verdicts);
});

test('two equal targets that hold up different blobs are both fast enough', () => {
  const holdUps = new HoldUps();
  const blobs = ['one', 'other', 'one', 'other'].map(
    (name) => new SlowTargetDetector(200 * megabyte, { windowMs, now: 0, holdUps: holdUps.of(name) }),
  );

  const verdicts = [1, 2, 3].flatMap((window) => {
    for (const blob of blobs) blob.waited(0.95 * windowMs);
    return blobs.map((blob) => blob.isTooSlow(window * windowMs));
  });

  expect(verdicts).not.toContain(true);
});

function slow(count: number): readonly Window[] {
  return Array.from({ length: count }, () => ({ waited: 0.95, megabytes: 0.5 }));
}

function fast(count: number): readonly Window[] {
  return Array.from({ length: count }, () => ({ waited: 0.1, megabytes: 20 }));
}

function doubling(count: number): readonly Window[] {
  return Array.from({ length: count }, (_, position) => ({ waited: 0.95, megabytes: 0.05 * 2 ** position }));
}
