import { isCancellation } from '@temporalio/workflow';

import type { TagActivities } from '../contract/activity-types.js';
import { tagChecks } from './activity-proxies.js';

export type CheckedPage = Awaited<ReturnType<TagActivities['findMovedTags']>>;

interface TagCheckEvents {
  onPage(page: CheckedPage): void;
  /** It ends here: those that it did not come to are left to the next run. */
  onBroken(error: unknown): void;
}

/** Looks page by page, beside the copying, whether tags of pushed images moved at their source. */
export class TagCheck {
  readonly #startedAt: number;
  readonly #events: TagCheckEvents;
  #checkedUpTo: number | undefined;
  #isBusy = false;
  #cancelled: Error | undefined;

  /** @param checkedUpTo the row to go on after; undefined when everything has been looked at */
  constructor(startedAt: number, checkedUpTo: number | undefined, events: TagCheckEvents) {
    this.#startedAt = startedAt;
    this.#checkedUpTo = checkedUpTo;
    this.#events = events;
  }

  get checkedUpTo(): number | undefined {
    return this.#checkedUpTo;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  get isOver(): boolean {
    return this.#checkedUpTo === undefined && !this.#isBusy;
  }

  /** Whether {@link goOn} has something to do, or to say. */
  get canGoOn(): boolean {
    return !this.#isBusy && (this.#checkedUpTo !== undefined || this.#cancelled !== undefined);
  }

  /** Begins the next page unless one is under way. @throws CancelledFailure when that is what ended the last one */
  goOn(): void {
    if (this.#cancelled !== undefined) throw this.#cancelled;
    if (this.#isBusy || this.#checkedUpTo === undefined) return;
    this.#isBusy = true;
    void this.#check(this.#checkedUpTo);
  }

  async #check(after: number): Promise<void> {
    try {
      const page = await tagChecks.findMovedTags({ startedAt: this.#startedAt, after });
      this.#checkedUpTo = page.next;
      this.#events.onPage(page);
    } catch (error) {
      if (error instanceof Error && isCancellation(error)) {
        this.#cancelled = error;
        return;
      }
      this.#checkedUpTo = undefined;
      this.#events.onBroken(error);
    } finally {
      this.#isBusy = false;
    }
  }
}
