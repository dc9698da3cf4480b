import { CancellationScope, log } from '@temporalio/workflow';

import type { SyncRun } from '../contract/sync-messages.js';
import { withSettled } from '../contract/sync-result.js';
import { batches } from './activity-proxies.js';
import type { ImageChildren } from './image-children.js';
import type { ImagePool, TakenImages } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { rootMessage } from './unreported-failure.js';

/** Images in one activity: enough to share queries and events, few enough that a long history drains soon. */
export const batchSize = 50;
/** Activities in flight: several workers share them. Requested images have activities of their own. */
const batchesAtOnce = { discovered: 8, asked: 4 } as const;

/** The images of a run that activities plan, and settle or copy if they are small: many images each. */
export class ImageBatches {
  readonly #pool: ImagePool;
  readonly #children: ImageChildren;
  readonly #tally: RunTally;
  readonly #running = { discovered: new Set<Promise<void>>(), asked: new Set<Promise<void>>() };
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
    return this.#running.discovered.size + this.#running.asked.size;
  }

  /** How many have ended. */
  get ended(): number {
    return this.#ended;
  }

  get hasRoom(): boolean {
    return this.#running.discovered.size < batchesAtOnce.discovered;
  }

  get hasRoomForAsked(): boolean {
    return this.#running.asked.size < batchesAtOnce.asked;
  }

  start({ images, areAsked }: TakenImages, run: SyncRun): void {
    const running = areAsked ? this.#running.asked : this.#running.discovered;
    const work: Promise<void> = this.#sync(images, run, areAsked).finally(() => {
      running.delete(work);
      this.#ended += 1;
    });
    running.add(work);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#running.discovered, ...this.#running.asked]);
  }

  /** Never rejects: the run itself observes a cancellation. */
  async #sync(images: readonly string[], run: SyncRun, areAsked: boolean): Promise<void> {
    const single = new Set<string>();
    try {
      const result = await batches.syncImages.executeWithOptions({ summary: summaryOf(images) }, [
        { run: run.id, images },
      ]);
      this.#tally.add(withSettled, result.settled);
      for (const one of result.single) {
        single.add(one.image);
        this.#children.add(one, areAsked);
      }
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) return;
      // One of them is to blame: each gets a workflow, which reports it.
      log.error('images could not be synced together', { images: images.length, reason: rootMessage(error) });
      for (const image of images) {
        single.add(image);
        this.#children.add({ image }, areAsked);
      }
    } finally {
      for (const image of images) if (!single.has(image)) this.#pool.finished(image);
    }
  }
}

function summaryOf([first = '', ...others]: readonly string[]): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first.slice(0, 180)}${more}`;
}
