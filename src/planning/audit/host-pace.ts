import { setTimeout as sleep } from 'node:timers/promises';

/** Spreads requests to each host evenly, with a maximum per second: an audit must not disturb those who pull. */
export class HostPace {
  readonly #gapMs: number;
  /** When the next request to a host may be sent, on the monotonic clock. */
  readonly #free = new Map<string, number>();

  constructor(requestsPerSecond: number) {
    this.#gapMs = 1_000 / requestsPerSecond;
  }

  /** Waits for the next turn of a host. @throws the signal's reason when it is aborted meanwhile */
  async turn(host: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const now = performance.now();
    const at = Math.max(now, this.#free.get(host) ?? 0);
    this.#free.set(host, at + this.#gapMs);
    if (at > now) await sleep(at - now, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
