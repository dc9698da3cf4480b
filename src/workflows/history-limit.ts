import { workflowInfo } from '@temporalio/workflow';

/**
 * How much longer this run's history may grow. Continue-as-new would end children that still run, so that a long history
 * stops the feeding and drains the pool.
 */
export class HistoryLimit {
  readonly #longestEvents: number;
  /** How long it was when it was first found too long. */
  #drainsFrom: number | undefined;

  /** @param longestEvents beside what the server suggests, for tests */
  constructor(longestEvents = Number.POSITIVE_INFINITY) {
    this.#longestEvents = longestEvents;
  }

  /** Whether it is too long now; the first time that it is, its length is noted for `mayStillGrow`. */
  isReached(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isReached = continueAsNewSuggested || historyLength > this.#longestEvents;
    if (isReached) this.#drainsFrom ??= historyLength;
    return isReached;
  }

  /** The server ends a workflow whose history grows to more than ten times what it calls long. */
  get mayStillGrow(): boolean {
    return workflowInfo().historyLength < 2 * (this.#drainsFrom ?? Number.POSITIVE_INFINITY);
  }
}
