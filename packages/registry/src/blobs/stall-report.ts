import type { TransferWait } from '../copy-types.js';
import type { Timing } from '../transport/timing.js';

/** What a transfer waits for, and since when (milliseconds of `performance.now`). */
export interface Standstill {
  readonly since: number;
  readonly awaits: TransferWait;
}

const repeatMs = 2_000;

/** Reports a standstill that lasts, again and again until it ends. */
export class StallReport {
  readonly #quietMs: number;
  readonly #report: (forMs: number, awaits: TransferWait) => void;
  #reportedAt = -Infinity;

  constructor({ quietMs }: Pick<Timing, 'quietMs'>, report: (forMs: number, awaits: TransferWait) => void) {
    this.#quietMs = quietMs;
    this.#report = report;
  }

  /** To be called often. */
  check({ since, awaits }: Standstill, now: number): void {
    if (now - since < this.#quietMs || now - this.#reportedAt < repeatMs) return;
    this.#reportedAt = now;
    this.#report(Math.round(now - since), awaits);
  }
}

/** Reports that a step lasts, until it ends. */
export async function reportingStall<T>(report: StallReport, awaits: TransferWait, step: Promise<T>): Promise<T> {
  const since = performance.now();
  const timer = setInterval(() => report.check({ since, awaits }, performance.now()), 1_000);
  try {
    return await step;
  } finally {
    clearInterval(timer);
  }
}
