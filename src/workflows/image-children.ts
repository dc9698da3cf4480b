import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, executeChild, log, ParentClosePolicy } from '@temporalio/workflow';

import type { SingleImage } from '../contract/activity-types.js';
import { withImage } from '../contract/settled-images.js';
import type { SyncRun } from '../contract/sync-messages.js';
import { withUnreportedImage } from '../contract/sync-result.js';
import { TaskQueue } from '../contract/task-queues.js';
import { workflowTaskTimeout } from '../contract/workflow-names.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import { database } from './activity-proxies.js';
import type { ImagePool } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { SyncImage } from './sync-image.js';
import { unreportedFailure } from './unreported-failure.js';
import type { UnreportedFailure } from './unreported-failure.js';

/** A plan is used while it is this young, in milliseconds; later the image is planned again. */
const planIsFreshMs = 5 * 60_000;
/** Requested images may exceed the size of the pool by this number: others do not delay them. */
const reservedForAsked = 4;

/** What a workflow of an image adds to the history of the run, with its workflow tasks. */
const eventsPerImage = 8;

interface WaitingImage {
  readonly single: SingleImage;
  readonly plannedAt: number;
}

/** The images of a run that need a workflow of their own: large ones, and those to be retried. */
export class ImageChildren {
  readonly #pool: ImagePool;
  readonly #tally: RunTally;
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting: { asked: WaitingImage[]; discovered: WaitingImage[] } = { asked: [], discovered: [] };
  #ended = 0;

  constructor(pool: ImagePool, tally: RunTally) {
    this.#pool = pool;
    this.#tally = tally;
  }

  get count(): number {
    return this.#running.size;
  }

  /** How many have ended. */
  get ended(): number {
    return this.#ended;
  }

  /** Images with a running workflow. */
  get inFlight(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** How many requested or discovered images wait for their turn. */
  waiting(kind: 'asked' | 'discovered'): number {
    return this.#waiting[kind].length;
  }

  /** Events that waiting images add which are started even if the history is too long: they were partly copied. */
  get certainEvents(): number {
    const { asked, discovered } = this.#waiting;
    return eventsPerImage * [...asked, ...discovered].filter(({ single }) => single.copied !== undefined).length;
  }

  /** Adds an image that the pool has in flight. */
  add(single: SingleImage, isAsked: boolean): void {
    const queue = isAsked ? this.#waiting.asked : this.#waiting.discovered;
    queue.push({ single, plannedAt: Date.now() });
  }

  /** Starts waiting images as the size of the pool allows, requested ones first. */
  startWaiting(run: SyncRun): void {
    const { asked, discovered } = this.#waiting;
    const start = (queue: WaitingImage[], most: number): void => {
      while (this.count < most) {
        const next = queue.shift();
        if (next === undefined) return;
        this.#start(next, run);
      }
    };
    start(asked, run.poolSize + reservedForAsked);
    start(discovered, run.poolSize);
  }

  /** Leaves waiting images that nothing was copied of to the next workflow run, which plans them again. */
  dropUntouched({ keepsAsked }: { readonly keepsAsked: boolean }): void {
    const { asked, discovered } = this.#waiting;
    for (const queue of keepsAsked ? [discovered] : [asked, discovered]) {
      const touched = queue.filter(({ single }) => single.copied !== undefined);
      for (const { single } of queue) if (single.copied === undefined) this.#pool.finished(single.image);
      queue.splice(0, queue.length, ...touched);
    }
  }

  #start({ single, plannedAt }: WaitingImage, run: SyncRun): void {
    const isFresh = Date.now() - plannedAt < planIsFreshMs || single.copied !== undefined;
    const { image } = single;
    const work = this.#copy(isFresh ? single : { image }, run).finally(() => {
      this.#running.delete(image);
      this.#ended += 1;
    });
    this.#running.set(image, work);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Never rejects: one failed image must not stop the others, and the run itself observes a cancellation. */
  async #copy(single: SingleImage, run: SyncRun): Promise<void> {
    const { image } = single;
    try {
      const copied = await executeChild(SyncImage, {
        workflowId: syncImageWorkflowId(image),
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        args: [{ ...single, run: run.id }],
        staticSummary: image.slice(0, 200),
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      });
      this.#tally.add(withImage, copied);
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) return;
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        log.warn('image is being copied by another run', { image });
        this.#pool.leaveTo(image);
        return;
      }
      await this.#stopped(image, run, unreportedFailure(error));
    } finally {
      this.#pool.finished(image);
    }
  }

  /** The workflow ended without recording an outcome: the run records it and does not start the image again. */
  async #stopped(image: string, run: SyncRun, fault: UnreportedFailure): Promise<void> {
    log.error('workflow of an image failed unexpectedly', { image, reason: fault.reason });
    this.#tally.add(withUnreportedImage, { image, ...fault });
    await this.#recordFault({ image, run: run.id, fault });
  }

  /** If recording fails, the fault is still in the result; the image stays pending for the next run. */
  async #recordFault(notDone: Parameters<typeof database.recordFault>[0]): Promise<void> {
    try {
      await CancellationScope.nonCancellable(() => database.recordFault(notDone));
    } catch (error) {
      log.error('fault could not be recorded', { image: notDone.image, error });
      this.#pool.drop(notDone.image);
    }
  }
}
