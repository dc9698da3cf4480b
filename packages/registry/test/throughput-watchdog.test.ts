import { expect, test } from 'vitest';

import { ThroughputWatchdog } from '../src/blobs/throughput-watchdog.js';

const idleMs = 60_000;
const checkMs = idleMs / 4;

/** Checks as often as a read does, with this number of bytes between two checks. */
function watchFor(attempts: number, bytes: number, { held = false, stepMs = checkMs } = {}): (string | undefined)[] {
  const watch = new ThroughputWatchdog(idleMs, 0);
  return Array.from({ length: attempts }, (_, attempt) => {
    const now = (attempt + 1) * stepMs;
    if (bytes > 0) watch.took(bytes, now - 1);
    return watch.check(now, held);
  });
}

test('a silent source is reported when the idle time has passed', () => {
  expect(watchFor(4, 0)).toEqual([undefined, undefined, undefined, 'no byte for 60 s']);
});

test('a too slow source is reported after a window, and a slow stream is not', () => {
  expect(watchFor(4, 1_000)).toEqual([undefined, undefined, undefined, '4000 bytes in 60 s']);
  expect(watchFor(40, 16_000).filter(Boolean)).toEqual([]);
});

test('no source is reported while its reader pauses or the machine sleeps', () => {
  expect(watchFor(40, 0, { held: true }).filter(Boolean)).toEqual([]);
  expect(watchFor(40, 0, { stepMs: idleMs }).filter(Boolean)).toEqual([]);
});

test('after a pause of the reader, silence counts from its end', () => {
  const watch = new ThroughputWatchdog(idleMs, 0);
  for (let now = checkMs; now <= 10 * idleMs; now += checkMs) expect(watch.check(now, true)).toBeUndefined();
  watch.flows(10 * idleMs);

  expect(watch.check(10 * idleMs + checkMs, false)).toBeUndefined();
  expect([2, 3, 4].map((count) => watch.check(10 * idleMs + count * checkMs, false)).filter(Boolean)).toHaveLength(1);
});
