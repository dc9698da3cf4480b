import { expect, test } from 'vitest';

import { FlushRate } from '../../src/blobs/flush-rate.js';

test.each([
  ['takes 100 MB/s', { bytesPerMs: 100_000, idleShare: 0.8, isFast: true }],
  ['takes 40 MB/s while the process waits for it', { bytesPerMs: 40_000, idleShare: 0.3, isFast: false }],
  ['takes 40 MB/s of a process that waits for nothing', { bytesPerMs: 40_000, idleShare: 0.05, isFast: true }],
  ['takes 10 MB/s of a process that waits for nothing', { bytesPerMs: 10_000, idleShare: 0.05, isFast: false }],
])('whether a target is fast that %s', (_, { bytesPerMs, idleShare, isFast }) => {
  let now = 0;
  const rate = new FlushRate(now, () => now * idleShare);

  while (now < 2000) rate.took(10 * bytesPerMs, (now += 10));

  expect(rate.isFast).toBe(isFast);
});
