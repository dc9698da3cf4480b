import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

import { TaskQueue } from '../contract/task-queues.js';
import type { Pass, SyncAllResult, SyncAllState, SyncProgress, SyncRequest } from '../contract/sync.js';
import { WORKFLOW_TASK_TIMEOUT } from '../contract/workflow-names.js';
import type { FaultCode } from '../domain/ferry-error.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { adoption, database, manyRows, pruning } from './activity-proxies.js';
import { ImagePool } from './image-pool.js';
import { SyncImage } from './sync-image.js';
import {
  atNextPass,
  withAdopted,
  withImage,
  withRefusedRows,
  withUncheckedTags,
  withUntoldImage,
} from './sync-result.js';
import { TagCheck } from './tag-check.js';

/** Pending images read at once: small enough for one payload, large enough to keep the pool fed. */
const pageSize = 200;

export interface SyncPassOptions {
  /** Requests not answered yet: shared with the signal handler, emptied by the pass that answers them. */
  readonly waiting: SyncRequest[];
  readonly result: SyncAllResult;
  readonly carried: SyncAllState;
  readonly continueAfterEvents: number | undefined;
}

/**
 * One run over everything pending. It ends when a look at the database, made while nothing is in work and nobody has
 * asked for more, finds nothing: what was added or asked for again meanwhile is therefore always seen.
 */
export class SyncPass {
  readonly #waiting: SyncRequest[];
  readonly #pool: ImagePool;
  readonly #continueAfterEvents: number | undefined;
  readonly #running = new Set<Promise<void>>();
  #result: SyncAllResult;
  #pass: Pass | undefined;
  #adoptedUpTo: number;
  #adoptionOver: boolean;
  #phase: SyncProgress['phase'] = 'starting';
  /** How long the history was when it was first found too long. */
  #drainsFrom: number | undefined;
  /** The row after which tags of pushed images are to be looked at; undefined when that is over. */
  readonly #tagsFrom: number | undefined;
  #tags: TagCheck | undefined;
  #hasMoved = false;

  constructor({ waiting, result, carried, continueAfterEvents }: SyncPassOptions) {
    this.#waiting = waiting;
    this.#result = result;
    this.#pass = carried.pass;
    this.#adoptedUpTo = carried.adoptedUpTo ?? beforeFirstRow;
    this.#adoptionOver = carried.adoptionOver ?? false;
    this.#tagsFrom = carried.tagCheckOver === true ? undefined : (carried.tagsCheckedUpTo ?? beforeFirstRow);
    this.#pool = new ImagePool(carried);
    this.#continueAfterEvents = continueAfterEvents;
  }

  get result(): SyncAllResult {
    return this.#result;
  }

  progress(): SyncProgress {
    const run = this.#pass === undefined ? {} : { run: this.#pass.run };
    return {
      ...run,
      phase: this.#phase,
      queued: this.#pool.queued,
      inFlight: this.#pool.inFlight,
      result: this.#result,
    };
  }

  stateForNextRun(): SyncAllState {
    return {
      ...(this.#pass === undefined ? {} : { pass: this.#pass }),
      adoptedUpTo: this.#adoptedUpTo,
      adoptionOver: this.#adoptionOver,
      ...this.#tagCheckState(),
      elsewhere: this.#pool.elsewhere,
      dropped: this.#pool.dropped,
      result: this.#result,
    };
  }

  #tagCheckState(): Pick<SyncAllState, 'tagsCheckedUpTo' | 'tagCheckOver'> {
    const checkedUpTo = this.#tags === undefined ? this.#tagsFrom : this.#tags.checkedUpTo;
    return checkedUpTo === undefined ? { tagCheckOver: true } : { tagsCheckedUpTo: checkedUpTo };
  }

  async run(): Promise<'finished' | 'continue-as-new'> {
    // Taken before the first await: a request that comes from here on is answered by a later look.
    const answered = this.#waiting.splice(0);
    if (this.#pass === undefined) {
      this.#pass = await database.beginPass({ requests: answered });
      this.#result = atNextPass(this.#result);
    }

    if (!(await this.#adopt())) return 'continue-as-new';
    this.#tags = this.#beginTagCheck(this.#pass);
    if (!(await this.#copyPending(this.#pass, this.#tags))) return 'continue-as-new';

    this.#phase = 'finishing';
    this.#tellLeft();
    this.#result = { ...this.#result, passes: this.#result.passes + 1 };
    await database.finishPass({ run: this.#pass.run, totals: totalsOf(this.#result), cancelled: false });
    await this.#prune();
    this.#phase = 'done';
    return 'finished';
  }

  /**
   * Called with cancellation shielded: waits until every transfer has let go, and ends the pass in the database, where
   * it would otherwise stand as running for ever.
   */
  async closeCancelled(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#pass === undefined) return;
    await database.finishPass({ run: this.#pass.run, totals: totalsOf(this.#result), cancelled: true });
  }

  /** A pass is not kept from its end by a history that cannot be shortened now. */
  async #prune(): Promise<void> {
    try {
      await pruning.pruneHistory();
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('old history was not forgotten, the next pass tries again', { error });
    }
  }

  /** Takes over what older scripts pushed, page by page; false when the history has grown too long. */
  async #adopt(): Promise<boolean> {
    this.#phase = 'adopting';
    while (!this.#adoptionOver) {
      if (this.#historyIsLong()) return false;
      const { adopted, next, refused = 0 } = await adoption.adoptPresent({ after: this.#adoptedUpTo });
      this.#result = withRefusedRows(withAdopted(this.#result, adopted), refused);
      if (next === undefined) this.#adoptionOver = true;
      else this.#adoptedUpTo = next;
    }
    return true;
  }

  async #copyPending(pass: Pass, tags: TagCheck): Promise<boolean> {
    const running = this.#running;
    let mayHaveMore = true;
    for (;;) {
      const draining = this.#historyIsLong();
      // A transfer may take hours: until it has drained, what somebody asks for is still begun, within reason.
      const mayStart = !draining || this.#mayStillGrow();
      this.#phase = draining ? 'draining' : 'copying';

      if (!draining) tags.goOn();
      const asked = this.#waiting.length > 0 || this.#pool.wantsLook || this.#hasMoved;
      if (mayStart && (asked || (!draining && mayHaveMore && this.#pool.queued < pass.poolSize))) {
        this.#waiting.splice(0);
        this.#hasMoved = false;
        mayHaveMore = await this.#look(pass);
      }
      while (mayStart && running.size < pass.poolSize) {
        const image = this.#pool.take({ askedOnly: draining });
        if (image === undefined) break;
        const work: Promise<void> = this.#copy(image, pass).finally(() => running.delete(work));
        running.add(work);
      }
      this.#describe();

      if (running.size > 0 || tags.isBusy) {
        const before = running.size;
        const isIdle = (): boolean => running.size === 0 && !tags.isBusy;
        const isWanted = (): boolean => this.#waiting.length > 0 || this.#hasMoved;
        await condition(
          () => running.size < before || isIdle() || (!draining && tags.canGoOn) || (mayStart && isWanted()),
        );
        continue;
      }
      if (draining) return false;
      if (!tags.isOver) continue;
      // Nothing in work: the look that ends the pass has to be made now, since rows may have come in meanwhile.
      mayHaveMore = true;
      if ((await this.#look(pass)) || this.#pool.queued > 0 || this.#waiting.length > 0) continue;
      // Those that others were copying when their turn came may be free by now.
      if (!this.#pool.reconsider()) return true;
    }
  }

  #beginTagCheck({ startedAt }: Pass): TagCheck {
    return new TagCheck(startedAt, this.#tagsFrom, {
      onPage: (page) => {
        this.#result = withUncheckedTags(this.#result, page);
        if (page.moved > 0) this.#hasMoved = true;
      },
      onBroken: (error) => {
        log.error('tags of pushed images were not all looked at', { error });
        const reason = `not all were compared with their source, the next pass begins again: ${rootMessage(error)}`;
        const told = { image: 'tags of pushed images', state: 'failed', code: 'internal', reason } as const;
        this.#result = withUntoldImage(this.#result, told);
      },
    });
  }

  /** Reads pending images into the pool; true when there may be more of them than this page showed. */
  async #look(pass: Pass): Promise<boolean> {
    const limit = pageSize + this.#pool.known;
    const { images, refused } = await manyRows.findPending({ startedAt: pass.startedAt, limit });
    this.#result = withRefusedRows(this.#result, refused);
    this.#pool.offer(images);
    return images.length >= limit;
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
      this.#result = withImage(this.#result, copied);
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) return;
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        log.warn('image is being copied by another run', { image });
        this.#pool.leaveTo(image);
        return;
      }
      await this.#stopped(image, pass, faultOf(error));
    } finally {
      this.#pool.finished(image);
    }
  }

  /** Its workflow ended without a word to the database: the pass says it, and does not take the image up again. */
  async #stopped(image: string, pass: Pass, fault: UntoldFault): Promise<void> {
    log.error('image ended unexpectedly', { image, reason: fault.reason });
    this.#result = withUntoldImage(this.#result, { image, ...fault });
    await this.#recordFault({ image, run: pass.run, fault });
  }

  #tellLeft(): void {
    for (const image of this.#pool.elsewhere) {
      const reason = 'another run was copying it, and was left to do so; the next pass looks at it again';
      this.#result = withUntoldImage(this.#result, { image, state: 'waiting', code: 'busy', reason });
    }
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

  /** Continue-as-new would end children that still run, so a long history stops the feeding and drains the pool. */
  #historyIsLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isLong = continueAsNewSuggested || historyLength > (this.#continueAfterEvents ?? Number.POSITIVE_INFINITY);
    if (isLong) this.#drainsFrom ??= historyLength;
    return isLong;
  }

  /** The server ends a workflow whose history grows to more than ten times what it calls long. */
  #mayStillGrow(): boolean {
    return workflowInfo().historyLength < 2 * (this.#drainsFrom ?? Number.POSITIVE_INFINITY);
  }

  #describe(): void {
    const { pushed, waiting, failed, parked } = this.#result;
    setCurrentDetails(
      [
        `${pushed} pushed, ${waiting} waiting, ${failed} failed, ${parked} parked; ${this.#pool.queued} queued`,
        ...this.#pool.inFlight.map((image) => `- ${image}`),
      ].join('\n'),
    );
  }
}

function totalsOf({ images, pushed, waiting, failed, parked }: SyncAllResult) {
  return { images, pushed, waiting, failed, parked };
}

interface UntoldFault {
  readonly state: 'waiting' | 'failed';
  readonly code: FaultCode;
  readonly reason: string;
}

function faultOf(error: unknown): UntoldFault {
  if (isCancellation(error)) {
    const reason = 'its workflow was cancelled; the next pass takes it up again';
    return { state: 'waiting', code: 'cancelled', reason };
  }
  return { state: 'failed', code: 'internal', reason: `the workflow of this image failed: ${rootMessage(error)}` };
}

function rootMessage(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? current.message : String(current);
}
