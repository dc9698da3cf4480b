import type { TagActivities } from '../contract/activity-types.js';
import { tagChecks } from './activity-proxies.js';

export type CheckedPage = Awaited<ReturnType<TagActivities['findMovedTags']>>;

/** Looks page by page, beside the copying, whether tags of pushed images moved at their source. */
export class TagCheck {
  readonly #startedAt: number;
  readonly #onPage: (page: CheckedPage) => void;
  #checkedUpTo: number | undefined;
  #isBusy = false;
  #failure: Error | undefined;

  /** @param checkedUpTo the row to go on after; undefined when everything has been looked at */
  constructor(startedAt: number, checkedUpTo: number | undefined, onPage: (page: CheckedPage) => void) {
    this.#startedAt = startedAt;
    this.#checkedUpTo = checkedUpTo;
    this.#onPage = onPage;
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
    return !this.#isBusy && (this.#checkedUpTo !== undefined || this.#failure !== undefined);
  }

  /** Begins the next page unless one is under way. @throws what the last one failed with */
  goOn(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isBusy || this.#checkedUpTo === undefined) return;
    this.#isBusy = true;
    void this.#check(this.#checkedUpTo);
  }

  async #check(after: number): Promise<void> {
    try {
      const page = await tagChecks.findMovedTags({ startedAt: this.#startedAt, after });
      this.#checkedUpTo = page.next;
      this.#onPage(page);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new TypeError(String(error));
    } finally {
      this.#isBusy = false;
    }
  }
}
