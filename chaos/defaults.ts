import type { ChaosOptions } from './run-chaos.js';

/** What a run has unless its caller says otherwise. */
export function defaultsFor(seed: number, seconds: number): Omit<ChaosOptions, 'keep' | 'print'> {
  return {
    seed,
    seconds,
    images: Math.max(8, Math.round(seconds / 11)),
    killEverySeconds: 7.5,
    settleSeconds: Math.max(180, seconds / 3),
    // Slow enough that something is in flight most of the time.
    lineBytesPerSecond: 1_500_000,
  };
}
