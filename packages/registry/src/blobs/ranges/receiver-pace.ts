import type { Timing } from '../../transport/timing.js';

/** A receiver that pauses for this long sets the rate. It must not have done so for some windows before a division. */
const heldMs = 20;
const unheldWindows = 3;
/** A process that is busy for this part of the time is the limit itself, whatever the number of connections. */
const busyShare = 0.75;

/** Whether the receivers of a read, in this process, take more than it brings. Times in milliseconds. */
export class ReceiverPace {
  readonly #unheldMs: number;
  #pausedAt = 0;
  /** When the read began, or last went on after its receivers had paused it. */
  #heldUntil: number;
  #utilization = performance.eventLoopUtilization();

  constructor({ rateWindowMs }: Pick<Timing, 'rateWindowMs'>, now: number) {
    this.#unheldMs = unheldWindows * rateWindowMs;
    this.#heldUntil = now;
  }

  paused(now: number): void {
    this.#pausedAt = now;
  }

  resumed(now: number): void {
    if (now - this.#pausedAt >= heldMs) this.#heldUntil = now;
  }

  /** They have not held the read up for a while. */
  keepUp(now: number): boolean {
    return now - this.#heldUntil >= this.#unheldMs;
  }

  /** Whether this process has been busy since the last call. */
  areBusy(): boolean {
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    return performance.eventLoopUtilization(this.#utilization, before).utilization >= busyShare;
  }
}
