import { condition, log } from '@temporalio/workflow';

import type { SyncRun, SyncAllState, SyncRequest } from '../contract/sync-messages.js';
import { withRefusedRows, withUncheckedTags, withUnreportedImage } from '../contract/sync-result.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { manyRows } from './activity-proxies.js';
import type { HistoryLimit } from './history-limit.js';
import { batchSize } from './image-batches.js';
import type { ImageBatches } from './image-batches.js';
import type { ImageChildren } from './image-children.js';
import type { ImagePool } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { showDetails } from './show-details.js';
import { TagCheck } from './tag-check.js';
import { rootMessage } from './unreported-failure.js';

/** Pending images per query: small enough for one payload, large enough to keep the activities filled. */
const pageSize = 1_000;
/** A query is made when fewer images than this are queued. */
const queueLeast = 8 * batchSize;
/** Images shown in Temporal's web UI. */
const imagesShown = 20;

interface FeedParts {
  readonly waiting: SyncRequest[];
  readonly pool: ImagePool;
  readonly batches: ImageBatches;
  readonly children: ImageChildren;
  readonly tally: RunTally;
  readonly history: HistoryLimit;
}

/** Keeps as many images in flight as the activities and the pool take, until nothing is pending. */
export class RunScheduler {
  readonly #waiting: SyncRequest[];
  readonly #pool: ImagePool;
  readonly #batches: ImageBatches;
  readonly #children: ImageChildren;
  readonly #tally: RunTally;
  readonly #history: HistoryLimit;
  /** The row after which tags of pushed images are checked; undefined when all are checked. */
  readonly #tagsFrom: number | undefined;
  #tags: TagCheck | undefined;
  /** The row after which discovered images are read; undefined at the end. Rows that have an outcome are left out. */
  #readFrom: number | undefined = beforeFirstRow;
  #hasMoved = false;
  #isDraining = false;

  constructor({ waiting, pool, batches, children, tally, history }: FeedParts, carried: SyncAllState) {
    this.#waiting = waiting;
    this.#pool = pool;
    this.#batches = batches;
    this.#children = children;
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
    const tags = this.#beginTagCheck(run);
    this.#tags = tags;
    for (;;) {
      const draining = this.#history.isReached(this.#children.certainEvents);
      // A transfer may take hours. While the pool drains, requested images are still started, within limits.
      const mayStart = !draining || this.#history.mayStillGrow;
      this.#isDraining = draining;

      if (draining) this.#children.dropUntouched({ keepsAsked: mayStart });
      else tags.advance();
      if (this.#hasMoved) this.#readFrom = beforeFirstRow;
      else if (this.#waiting.length > 0) this.#readFrom ??= beforeFirstRow;
      const wantsMore = !draining && this.#wantsMore;
      if (mayStart && (this.#isLookRequested || wantsMore)) await this.#readPending(run, { onlyAsked: !wantsMore });
      if (mayStart) this.#startBatches(run, { askedOnly: draining });
      this.#children.startWaiting(run);
      this.#describe();

      if (this.#inFlight > 0 || tags.isBusy) {
        const ended = this.#ended;
        const isIdle = (): boolean => this.#inFlight === 0 && !tags.isBusy;
        const isWanted = (): boolean => this.#waiting.length > 0 || this.#hasMoved;
        await condition(
          () => this.#ended > ended || isIdle() || (!draining && tags.canGoOn) || (mayStart && isWanted()),
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

  get #inFlight(): number {
    return this.#batches.count + this.#children.count;
  }

  get #ended(): number {
    return this.#batches.ended + this.#children.ended;
  }

  get #isLookRequested(): boolean {
    return this.#waiting.length > 0 || this.#pool.wantsLook || this.#hasMoved;
  }

  get #wantsMore(): boolean {
    return this.#readFrom !== undefined && this.#pool.queued < queueLeast;
  }

  #startBatches(run: SyncRun, { askedOnly }: { readonly askedOnly: boolean }): void {
    const batches = this.#batches;
    for (;;) {
      const room = { asked: batches.hasRoomForAsked, discovered: !askedOnly && batches.hasRoom };
      const taken = this.#pool.take(batchSize, room);
      if (taken === undefined) return;
      batches.start(taken, run);
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
    this.#waiting.splice(0);
    this.#hasMoved = false;
    const after = onlyAsked ? undefined : this.#readFrom;
    const { refused, next, ...found } = await manyRows.findPending({ startedAt, limit: pageSize, after });
    this.#tally.add(withRefusedRows, refused);
    this.#pool.offer(found);
    if (!onlyAsked) this.#readFrom = next;
  }

  #describe(): void {
    const { pushed, waiting, retrying, blocked } = this.#tally.result;
    const { inFlight, queued } = this.#pool;
    const more = inFlight.length > imagesShown ? [`- and ${inFlight.length - imagesShown} more`] : [];
    showDetails(
      `${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked; ${queued} queued`,
      ...inFlight.slice(0, imagesShown).map((image) => `- ${image}`),
      ...more,
    );
  }
}
