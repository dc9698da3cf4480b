import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, executeChild, log, ParentClosePolicy } from '@temporalio/workflow';

import type { SyncRun } from '../contract/sync-messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import { workflowTaskTimeout } from '../contract/workflow-names.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import { database } from './activity-proxies.js';
import type { ImagePool } from './image-pool.js';
import type { RunTally } from './run-tally.js';
import { SyncImage } from './sync-image.js';
import { withImage, withUnreportedImage } from './sync-result.js';
import { unreportedFailure } from './unreported-failure.js';
import type { UnreportedFailure } from './unreported-failure.js';

/** The images of a run that are in flight: one child workflow each. */
export class ImageChildren {
  readonly #pool: ImagePool;
  readonly #tally: RunTally;
  readonly #running = new Set<Promise<void>>();

  constructor(pool: ImagePool, tally: RunTally) {
    this.#pool = pool;
    this.#tally = tally;
  }

  get count(): number {
    return this.#running.size;
  }

  start(image: string, run: SyncRun): void {
    const work: Promise<void> = this.#copy(image, run).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Never rejects: one failed image must not stop the others, and the run itself observes a cancellation. */
  async #copy(image: string, run: SyncRun): Promise<void> {
    try {
      const copied = await executeChild(SyncImage, {
        workflowId: syncImageWorkflowId(image),
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        args: [{ image, run: run.id }],
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
