import { setTimeout as sleep } from 'node:timers/promises';

import { attemptPausesMs } from '../contract/copy-attempts.js';

const pollMs = 250;

/** What an image found out. */
export interface TargetAnswers {
  readonly away: readonly string[];
  readonly there: readonly string[];
}

interface Outage {
  readonly failures: number;
  /** On the monotonic clock. */
  readonly until: number;
  isTried: boolean;
}

/**
 * Holds small images back while a target does not answer: one of them tries it after each pause. Without it, a registry
 * that restarts would leave all images of a run to workflows of their own. After the last pause no image is held back,
 * since `TargetHealth` knows by then that the target is away.
 */
export class TargetOutages {
  readonly #pausesMs: readonly number[];
  readonly #outages = new Map<string, Outage>();

  /** @param pausesMs others, for tests; as long as an image with a workflow of its own pauses between its attempts */
  constructor(pausesMs: readonly number[] = attemptPausesMs) {
    this.#pausesMs = pausesMs;
  }

  /** Runs `work` when all targets are believed to answer. @throws the signal's reason */
  async run<T>(
    targets: readonly string[],
    { signal, answers }: { readonly signal: AbortSignal; readonly answers: (result: T) => TargetAnswers },
    work: () => Promise<T>,
  ): Promise<T> {
    const tried: Outage[] = [];
    try {
      for (const target of targets) await this.#untilOver(target, tried, signal);
      const result = await work();
      const { away, there } = answers(result);
      for (const target of there) this.#outages.delete(target);
      for (const target of away) this.#failed(target);
      return result;
    } finally {
      for (const outage of tried) outage.isTried = false;
    }
  }

  async #untilOver(target: string, tried: Outage[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const outage = this.#outages.get(target);
      if (outage === undefined) return;
      const waitMs = outage.until - performance.now();
      if (waitMs <= 0 && !outage.isTried) {
        outage.isTried = true;
        tried.push(outage);
        return;
      }
      await sleep(Math.max(waitMs, pollMs), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  #failed(target: string): void {
    const known = this.#outages.get(target);
    // Others that were at work when it began say nothing new.
    if (known !== undefined && !known.isTried) return;
    const failures = known?.failures ?? 0;
    const pause = this.#pausesMs[failures];
    if (pause === undefined) this.#outages.delete(target);
    else this.#outages.set(target, { failures: failures + 1, until: performance.now() + pause, isTried: false });
  }
}
