import type { SyncAllResult, SyncTotals } from '../contract/sync-messages.js';

/** The result of a run so far. Every part of the run adds to it. */
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

  /** @param adding a function of `sync-result.ts` */
  add<T extends readonly unknown[]>(adding: (result: SyncAllResult, ...what: T) => SyncAllResult, ...what: T): void {
    this.#result = adding(this.#result, ...what);
  }
}
