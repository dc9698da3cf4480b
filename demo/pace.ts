import { setTimeout as sleep } from 'node:timers/promises';

/** What may go at once after a rest, as on a real line; a timer that is late takes nothing from the rate. */
const burstBytes = 256 * 1024;

/** Keeps to a rate, for all who ask together: a piece may go when those before it have had their time. */
export function paceOf(bytesPerSecond: number): (bytes: number) => Promise<void> {
  const burstMs = (burstBytes / bytesPerSecond) * 1000;
  let free = performance.now();
  return async (bytes) => {
    free = Math.max(free, performance.now() - burstMs) + (bytes / bytesPerSecond) * 1000;
    const wait = free - performance.now();
    // Timers are no finer than a millisecond.
    if (wait >= 2) await sleep(wait);
  };
}
