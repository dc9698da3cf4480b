import { workflowInfo } from '@temporalio/workflow';

/**
 * How much longer the history of this workflow run may grow. Continue-as-new would end running child workflows, so a long
 * history first drains the pool.
 */
export class HistoryLimit {
  readonly #longestEvents: number;
  /** The length when the history was first too long. */
  #drainsFrom: number | undefined;

  /** @param longestEvents additional limit for tests */
  constructor(longestEvents = Number.POSITIVE_INFINITY) {
    this.#longestEvents = longestEvents;
  }

  /** Whether the history is too long. The first time, it stores the length for `mayStillGrow`. */
  isReached(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isReached = continueAsNewSuggested || historyLength > this.#longestEvents;
    if (isReached) this.#drainsFrom ??= historyLength;
    return isReached;
  }

  /** The server terminates a workflow whose history exceeds about ten times the suggested length. */
  get mayStillGrow(): boolean {
    return workflowInfo().historyLength < 2 * (this.#drainsFrom ?? Number.POSITIVE_INFINITY);
  }
}
