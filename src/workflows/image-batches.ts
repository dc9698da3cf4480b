import { CancellationScope, log } from '@temporalio/workflow';

import { addSettled } from '../contract/settled-images.js';
import type { SyncRun } from '../contract/sync-messages.js';
import { batches } from './activity-proxies.js';
import type { ImageChildren } from './image-children.js';
import type { ImagePool, TakenImages } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { rootMessage } from './unreported-failure.js';

/** Images in one activity: enough to share queries and events, few enough that a long history drains soon. */
export const batchSize = 50;
/** Activities in flight: several workers share them. Requested images have activities of their own. */
const batchesAtOnce = { discovered: 8, asked: 4 } as const;
/** Images that wait with a plan for a workflow of their own: more would get old, and fill the history. */
const plannedAhead = 2 * batchSize;

interface Running {
  readonly work: Set<Promise<void>>;
  /** How many images of the latest activity got a workflow of their own; a guess before the first has ended. */
  single: number;
}

/** The images of a run that activities plan, and settle or copy if they are small: many images each. */
export class ImageBatches {
  readonly #pool: ImagePool;
  readonly #children: ImageChildren;
  readonly #tally: RunTally;
  readonly #running: { readonly discovered: Running; readonly asked: Running } = {
    discovered: { work: new Set(), single: batchSize / 2 },
    asked: { work: new Set(), single: batchSize / 2 },
  };
  #ended = 0;

  constructor({
    pool,
    children,
    tally,
  }: {
    readonly pool: ImagePool;
    readonly children: ImageChildren;
    readonly tally: RunTally;
  }) {
    this.#pool = pool;
    this.#children = children;
    this.#tally = tally;
  }

  get count(): number {
    return this.#running.discovered.work.size + this.#running.asked.work.size;
  }

  /** How many have ended. */
  get ended(): number {
    return this.#ended;
  }

  get hasRoom(): boolean {
    return this.#hasRoomFor('discovered');
  }

  get hasRoomForAsked(): boolean {
    return this.#hasRoomFor('asked');
  }

  start({ images, areAsked }: TakenImages, run: SyncRun): void {
    const running = areAsked ? this.#running.asked : this.#running.discovered;
    const sync = async (): Promise<void> => {
      running.single = await this.#sync(images, run, areAsked);
    };
    const work: Promise<void> = sync().finally(() => {
      running.work.delete(work);
      this.#ended += 1;
    });
    running.work.add(work);
  }

  async settled(): Promise<void> {
    const { discovered, asked } = this.#running;
    await Promise.all([...discovered.work, ...asked.work]);
  }

  #hasRoomFor(kind: 'discovered' | 'asked'): boolean {
    const { work, single } = this.#running[kind];
    return work.size < batchesAtOnce[kind] && this.#children.waiting(kind) + work.size * single < plannedAhead;
  }

  /**
   * Never rejects: the run itself observes a cancellation.
   *
   * @returns the number of images that get a workflow of their own
   */
  async #sync(images: readonly string[], run: SyncRun, areAsked: boolean): Promise<number> {
    const single = new Set<string>();
    try {
      const result = await batches.syncImages.executeWithOptions({ summary: summaryOf(images) }, [
        { run: run.id, images, areAsked },
      ]);
      this.#tally.add(addSettled, result.settled);
      for (const one of result.single) {
        single.add(one.image);
        this.#children.add(one, areAsked);
      }
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) return 0;
      // One of them is to blame: each gets a workflow, which reports it.
      log.error('images could not be synced together', { images: images.length, reason: rootMessage(error) });
      for (const image of images) {
        single.add(image);
        this.#children.add({ image }, areAsked);
      }
    } finally {
      for (const image of images) if (!single.has(image)) this.#pool.finished(image);
    }
    return single.size;
  }
}

function summaryOf([first = '', ...others]: readonly string[]): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first.slice(0, 180)}${more}`;
}
