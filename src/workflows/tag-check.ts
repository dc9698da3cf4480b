import { isCancellation } from '@temporalio/workflow';

import type { TagActivities } from '../contract/activity-types.js';
import { tagChecks } from './activity-proxies.js';

export type CheckedPage = Awaited<ReturnType<TagActivities['findMovedTags']>>;

interface TagCheckEvents {
  onPage(page: CheckedPage): void;
  /** The check failed: the next run checks the remaining tags. */
  onBroken(error: unknown): void;
}

/** Checks page by page, in parallel to the copies, if tags of pushed images moved at their source. */
export class TagCheck {
  readonly #startedAt: number;
  readonly #events: TagCheckEvents;
  #checkedUpTo: number | undefined;
  #isBusy = false;
  #cancelled: Error | undefined;

  /** @param checkedUpTo the row to continue after; undefined when everything is checked */
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

  /** Whether {@link advance} has something to do. */
  get canGoOn(): boolean {
    return !this.#isBusy && (this.#checkedUpTo !== undefined || this.#cancelled !== undefined);
  }

  /** Starts the next page unless one is in flight. @throws CancelledFailure if the last page was cancelled */
  advance(): void {
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
