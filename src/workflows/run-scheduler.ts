import { condition, log } from '@temporalio/workflow';

import type { SyncRun, SyncAllState, SyncRequest } from '../contract/sync-messages.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { manyRows } from './activity-proxies.js';
import type { HistoryLimit } from './history-limit.js';
import type { ImagePool } from './image-pool.js';
import type { ImageChildren } from './image-children.js';
import type { RunTally } from './run-tally.js';
import { withRefusedRows, withUncheckedTags, withUnreportedImage } from './sync-result.js';
import { TagCheck } from './tag-check.js';
import { rootMessage } from './unreported-failure.js';
import { showDetails } from './show-details.js';

/** Pending images read at once: small enough for one payload, large enough to keep the pool fed. */
const pageSize = 200;

interface FeedParts {
  readonly waiting: SyncRequest[];
  readonly pool: ImagePool;
  readonly runs: ImageChildren;
  readonly tally: RunTally;
  readonly history: HistoryLimit;
}

/** Keeps images in work, as many as a run may have at once, until nothing is pending. */
export class RunScheduler {
  readonly #waiting: SyncRequest[];
  readonly #pool: ImagePool;
  readonly #runs: ImageChildren;
  readonly #tally: RunTally;
  readonly #history: HistoryLimit;
  /** The row after which tags of pushed images are to be looked at; undefined when that is over. */
  readonly #tagsFrom: number | undefined;
  #tags: TagCheck | undefined;
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

  /** The history is long: what is in work ends, and nothing is begun that nobody asks for. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** How far the look at moved tags is, for the next run. */
  get tagCheckState(): Pick<SyncAllState, 'tagsCheckedUpTo' | 'tagCheckOver'> {
    const checkedUpTo = this.#tags === undefined ? this.#tagsFrom : this.#tags.checkedUpTo;
    return checkedUpTo === undefined ? { tagCheckOver: true } : { tagsCheckedUpTo: checkedUpTo };
  }

  /** @returns false when the history has grown too long for the rest */
  async run(run: SyncRun): Promise<boolean> {
    const running = this.#runs;
    const tags = this.#beginTagCheck(run);
    this.#tags = tags;
    let mayHaveMore = true;
    for (;;) {
      const draining = this.#history.isReached();
      // A transfer may take hours: until it has drained, what somebody asks for is still begun, within reason.
      const mayStart = !draining || this.#history.mayStillGrow;
      this.#isDraining = draining;

      if (!draining) tags.goOn();
      const asked = this.#waiting.length > 0 || this.#pool.wantsLook || this.#hasMoved;
      if (mayStart && (asked || (!draining && mayHaveMore && this.#pool.queued < run.poolSize))) {
        this.#waiting.splice(0);
        this.#hasMoved = false;
        mayHaveMore = await this.#look(run);
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
      // Nothing in work: the look that ends the run has to be made now, since rows may have come in meanwhile.
      mayHaveMore = true;
      if ((await this.#look(run)) || this.#pool.queued > 0 || this.#waiting.length > 0) continue;
      // Those that others were copying when their turn came may be free by now.
      if (!this.#pool.reconsider()) return true;
    }
  }

  #beginTagCheck({ startedAt }: SyncRun): TagCheck {
    return new TagCheck(startedAt, this.#tagsFrom, {
      onPage: (page) => {
        this.#tally.add(withUncheckedTags, page);
        if (page.moved > 0) this.#hasMoved = true;
      },
      onBroken: (error) => {
        log.error('tags of pushed images were not all looked at', { error });
        const reason = `not all were compared with their source, the next run begins again: ${rootMessage(error)}`;
        const told = { image: 'tags of pushed images', state: 'retrying', code: 'internal', reason } as const;
        this.#tally.add(withUnreportedImage, told);
      },
    });
  }

  /** Reads pending images into the pool; true when there may be more of them than this page showed. */
  async #look(run: SyncRun): Promise<boolean> {
    const limit = pageSize + this.#pool.known;
    const { images, refused } = await manyRows.findPending({ startedAt: run.startedAt, limit });
    this.#tally.add(withRefusedRows, refused);
    this.#pool.offer(images);
    return images.length >= limit;
  }

  #describe(): void {
    const { pushed, waiting, retrying, blocked } = this.#tally.result;
    showDetails(
      `${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked; ${this.#pool.queued} queued`,
      ...this.#pool.inFlight.map((image) => `- ${image}`),
    );
  }
}
