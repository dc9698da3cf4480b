import { workflowInfo } from '@temporalio/workflow';

/** A workflow run has at most 4,096 events, with what is in flight when the history is too long. */
const standardEvents = 3_000;
/** What requested images may add to a history that is too long. */
const eventsForAsked = 800;

/**
 * How much longer the history of this workflow run may grow. Continue-as-new would end running child workflows, so a long
 * history first drains the pool.
 */
export class HistoryLimit {
  readonly #longestEvents: number;
  /** The length when the history was first too long. */
  #drainsFrom: number | undefined;

  /** @param longestEvents another limit, for tests */
  constructor(longestEvents = standardEvents) {
    this.#longestEvents = longestEvents;
  }

  /**
   * Whether the history is too long. The first time, it stores the length for `mayStillGrow`.
   *
   * @param certain events that what must still be started adds in any case
   */
  isReached(certain = 0): boolean {
    if (this.#drainsFrom !== undefined) return true;
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isReached = continueAsNewSuggested || historyLength + certain > this.#longestEvents;
    if (isReached) this.#drainsFrom = historyLength + certain;
    return isReached;
  }

  get mayStillGrow(): boolean {
    const from = this.#drainsFrom ?? Number.POSITIVE_INFINITY;
    return workflowInfo().historyLength < Math.min(2 * from, from + eventsForAsked);
  }
}
