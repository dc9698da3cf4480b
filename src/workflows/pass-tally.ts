import type { SyncAllResult, SyncTotals } from '../contract/sync.js';

/** What a run has done so far: the one place that every part of a pass adds to. */
export class PassTally {
  #result: SyncAllResult;

  constructor(result: SyncAllResult) {
    this.#result = result;
  }

  get result(): SyncAllResult {
    return this.#result;
  }

  get totals(): SyncTotals {
    const { images, pushed, waiting, failed, parked } = this.#result;
    return { images, pushed, waiting, failed, parked };
  }

  /** @param adding one of `sync-result.ts`, which says what is added */
  add<T extends readonly unknown[]>(adding: (result: SyncAllResult, ...what: T) => SyncAllResult, ...what: T): void {
    this.#result = adding(this.#result, ...what);
  }
}
