import type { SyncAllResult, SyncTotals } from '../contract/sync-messages.js';

/** What a run has done so far: the one place that every part of a run adds to. */
export class RunTally {
  #result: SyncAllResult;

  constructor(result: SyncAllResult) {
    this.#result = result;
  }

  get result(): SyncAllResult {
    return this.#result;
  }

  get totals(): SyncTotals {
    const { images, pushed, waiting, retrying, blocked } = this.#result;
    return { images, pushed, waiting, retrying, blocked };
  }

  /** @param adding one of `sync-result.ts`, which says what is added */
  add<T extends readonly unknown[]>(adding: (result: SyncAllResult, ...what: T) => SyncAllResult, ...what: T): void {
    this.#result = adding(this.#result, ...what);
  }
}
