import { condition, log } from '@temporalio/workflow';

import type { SyncRun, SyncAllState, SyncRequest } from '../contract/sync-messages.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { manyRows } from './activity-proxies.js';
import type { HistoryLimit } from './history-limit.js';
import type { ImageChildren } from './image-children.js';
import type { ImagePool } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { showDetails } from './show-details.js';
import { withRefusedRows, withUncheckedTags, withUnreportedImage } from './sync-result.js';
import { TagCheck } from './tag-check.js';
import { rootMessage } from './unreported-failure.js';

/** Pending images per query: small enough for one payload, large enough to keep the pool filled. */
const pageSize = 200;

interface FeedParts {
  readonly waiting: SyncRequest[];
  readonly pool: ImagePool;
  readonly runs: ImageChildren;
  readonly tally: RunTally;
  readonly history: HistoryLimit;
}

/** Keeps the configured number of images in flight until nothing is pending. */
export class RunScheduler {
  readonly #waiting: SyncRequest[];
  readonly #pool: ImagePool;
  readonly #runs: ImageChildren;
  readonly #tally: RunTally;
  readonly #history: HistoryLimit;
  /** The row after which tags of pushed images are checked; undefined when all are checked. */
  readonly #tagsFrom: number | undefined;
  #tags: TagCheck | undefined;
  /** The row after which discovered images are read; undefined at the end. Rows that have an outcome are left out. */
  #readFrom: number | undefined = beforeFirstRow;
  #hasMoved = false;
  #isDraining = false;

  constructor({ waiting, pool, runs, tally, history }: FeedParts, carried: SyncAllState) {
    this.#waiting = waiting;
    this.#pool = pool;
    this.#runs = runs;
    this.#tally = tally;
    this.#history = history;
    this.#tagsFrom = carried.tagCheckOver === true ? undefined : (carried.tagsCheckedUpTo ?? beforeFirstRow);
  }

  /** The history is too long: images in flight finish, and only requested ones are started. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Progress of the check for moved tags, for the next workflow run. */
  get tagCheckState(): Pick<SyncAllState, 'tagsCheckedUpTo' | 'tagCheckOver'> {
    const checkedUpTo = this.#tags === undefined ? this.#tagsFrom : this.#tags.checkedUpTo;
    return checkedUpTo === undefined ? { tagCheckOver: true } : { tagsCheckedUpTo: checkedUpTo };
  }

  /** @returns false if the history is too long for the remaining images */
  async run(run: SyncRun): Promise<boolean> {
    const running = this.#runs;
    const tags = this.#beginTagCheck(run);
    this.#tags = tags;
    for (;;) {
      const draining = this.#history.isReached();
      // A transfer may take hours. While the pool drains, requested images are still started, within limits.
      const mayStart = !draining || this.#history.mayStillGrow;
      this.#isDraining = draining;

      if (!draining) tags.advance();
      const asked = this.#waiting.length > 0 || this.#pool.wantsLook || this.#hasMoved;
      // Rows before the one that was read last may be pending again.
      if (this.#hasMoved) this.#readFrom = beforeFirstRow;
      else if (this.#waiting.length > 0) this.#readFrom ??= beforeFirstRow;
      const mayHaveMore = !draining && this.#readFrom !== undefined && this.#pool.queued < run.poolSize;
      if (mayStart && (asked || mayHaveMore)) {
        this.#waiting.splice(0);
        this.#hasMoved = false;
        await this.#readPending(run, { onlyAsked: !mayHaveMore });
      }
      while (mayStart && running.count < run.poolSize) {
        const image = this.#pool.take({ askedOnly: draining });
        if (image === undefined) break;
        running.start(image, run);
      }
      this.#describe();

      if (running.count > 0 || tags.isBusy) {
        const before = running.count;
        const isIdle = (): boolean => running.count === 0 && !tags.isBusy;
        const isWanted = (): boolean => this.#waiting.length > 0 || this.#hasMoved;
        await condition(
          () => running.count < before || isIdle() || (!draining && tags.canGoOn) || (mayStart && isWanted()),
        );
        continue;
      }
      if (draining) return false;
      if (!tags.isOver) continue;
      // Nothing is in flight: the final query must be made now, since rows may have been added meanwhile.
      this.#readFrom = beforeFirstRow;
      do await this.#readPending(run);
      while (this.#readFrom !== undefined && this.#pool.queued === 0);
      if (this.#pool.queued > 0 || this.#waiting.length > 0) continue;
      // Images that other workflows were copying may be free by now.
      if (!this.#pool.reconsider()) return true;
      this.#readFrom = beforeFirstRow;
    }
  }

  #beginTagCheck({ startedAt }: SyncRun): TagCheck {
    return new TagCheck(startedAt, this.#tagsFrom, {
      onPage: (page) => {
        this.#tally.add(withUncheckedTags, page);
        if (page.moved > 0) this.#hasMoved = true;
      },
      onBroken: (error) => {
        log.error('not all tags of pushed images were checked', { error });
        const reason = `not all tags were compared with their source; the next run checks again: ${rootMessage(error)}`;
        const fault = { image: 'tags of pushed images', state: 'retrying', code: 'internal', reason } as const;
        this.#tally.add(withUnreportedImage, fault);
      },
    });
  }

  /** Reads requested images, and the next page of discovered ones, into the pool. */
  async #readPending(
    { startedAt }: SyncRun,
    { onlyAsked = false }: { readonly onlyAsked?: boolean } = {},
  ): Promise<void> {
    const limit = pageSize + this.#pool.known;
    const after = onlyAsked ? undefined : this.#readFrom;
    const { refused, next, ...found } = await manyRows.findPending({ startedAt, limit, after });
    this.#tally.add(withRefusedRows, refused);
    this.#pool.offer(found);
    if (!onlyAsked) this.#readFrom = next;
  }

  #describe(): void {
    const { pushed, waiting, retrying, blocked } = this.#tally.result;
    showDetails(
      `${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked; ${this.#pool.queued} queued`,
      ...this.#pool.inFlight.map((image) => `- ${image}`),
    );
  }
}
