import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, executeChild, log, ParentClosePolicy } from '@temporalio/workflow';

import { TaskQueue } from '../contract/task-queues.js';
import type { Pass } from '../contract/sync.js';
import { WORKFLOW_TASK_TIMEOUT } from '../contract/workflow-names.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import { database } from './activity-proxies.js';
import type { ImagePool } from './image-pool.js';
import type { PassTally } from './pass-tally.js';
import { SyncImage } from './sync-image.js';
import { withImage, withUntoldImage } from './sync-result.js';
import type { UntoldFault } from './untold-fault.js';
import { untoldFault } from './untold-fault.js';

/** The images of a pass that are in work: one child workflow each. */
export class ImageRuns {
  readonly #pool: ImagePool;
  readonly #tally: PassTally;
  readonly #running = new Set<Promise<void>>();

  constructor(pool: ImagePool, tally: PassTally) {
    this.#pool = pool;
    this.#tally = tally;
  }

  get count(): number {
    return this.#running.size;
  }

  start(image: string, pass: Pass): void {
    const work: Promise<void> = this.#copy(image, pass).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Never rejects: one bad image must not stop the others, and a cancellation reaches the pass by its own wait. */
  async #copy(image: string, pass: Pass): Promise<void> {
    try {
      const copied = await executeChild(SyncImage, {
        workflowId: syncImageWorkflowId(image),
        taskQueue: TaskQueue.main,
        workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
        args: [{ image, run: pass.run }],
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
      await this.#stopped(image, pass, untoldFault(error));
    } finally {
      this.#pool.finished(image);
    }
  }

  /** Its workflow ended without a word to the database: the pass says it, and does not take the image up again. */
  async #stopped(image: string, pass: Pass, fault: UntoldFault): Promise<void> {
    log.error('image ended unexpectedly', { image, reason: fault.reason });
    this.#tally.add(withUntoldImage, { image, ...fault });
    await this.#recordFault({ image, run: pass.run, fault });
  }

  /** What cannot be recorded is told in the result; the image stays pending and is left to the next pass. */
  async #recordFault(told: Parameters<typeof database.recordFault>[0]): Promise<void> {
    try {
      await CancellationScope.nonCancellable(() => database.recordFault(told));
    } catch (error) {
      log.error('fault could not be recorded', { image: told.image, error });
      this.#pool.drop(told.image);
    }
  }
}
