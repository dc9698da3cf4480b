import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps to a rate, for all who ask together: a piece may go when those before it have had their time. */
export function paceOf(bytesPerSecond: number): (bytes: number) => Promise<void> {
  let free = performance.now();
  return async (bytes) => {
    free = Math.max(free, performance.now()) + (bytes / bytesPerSecond) * 1000;
    const wait = free - performance.now();
    // Timers are no finer than a millisecond.
    if (wait >= 2) await sleep(wait);
  };
}
