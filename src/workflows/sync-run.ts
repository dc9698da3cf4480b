import { CancellationScope, isCancellation, log } from '@temporalio/workflow';

import type { SyncRun, SyncAllResult, SyncAllState, SyncProgress, SyncRequest } from '../contract/sync-messages.js';
import { atNextRun, withTakeover, withRefusedRows, withUnreportedImage } from '../contract/sync-result.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { adoption, database, pruning } from './activity-proxies.js';
import { HistoryLimit } from './history-limit.js';
import { ImageBatches } from './image-batches.js';
import { ImageChildren } from './image-children.js';
import { ImagePool } from './image-pool.js';
import { RunScheduler } from './run-scheduler.js';
import { RunTally } from './run-tally.js';
import { rootMessage } from './unreported-failure.js';

export interface SyncRunExecutionOptions {
  /** Unanswered requests: shared with the signal handler, cleared by the run that answers them. */
  readonly waiting: SyncRequest[];
  readonly result: SyncAllResult;
  readonly carried: SyncAllState;
  readonly continueAfterEvents: number | undefined;
}

/**
 * One sync run over all pending images. It ends when a query, made while nothing is in flight and no request is
 * unanswered, finds nothing. Images that are added or requested during the run are therefore never missed.
 */
export class SyncRunExecution {
  readonly #waiting: SyncRequest[];
  readonly #tally: RunTally;
  readonly #pool: ImagePool;
  readonly #batches: ImageBatches;
  readonly #children: ImageChildren;
  readonly #history: HistoryLimit;
  readonly #feed: RunScheduler;
  #run: SyncRun | undefined;
  #adoptedUpTo: number;
  #adoptionOver: boolean;
  #phase: SyncProgress['phase'] = 'starting';
  /** The end of the run is recorded and must not be changed again. */
  #isFinished = false;

  constructor({ waiting, result, carried, continueAfterEvents }: SyncRunExecutionOptions) {
    this.#waiting = waiting;
    this.#tally = new RunTally(result);
    this.#run = carried.run;
    this.#adoptedUpTo = carried.adoptedUpTo ?? beforeFirstRow;
    this.#adoptionOver = carried.adoptionOver ?? false;
    this.#pool = new ImagePool(carried);
    this.#children = new ImageChildren(this.#pool, this.#tally);
    this.#batches = new ImageBatches({ pool: this.#pool, children: this.#children, tally: this.#tally });
    this.#history = new HistoryLimit(continueAfterEvents);
    const images = { pool: this.#pool, batches: this.#batches, children: this.#children };
    const parts = { waiting, ...images, tally: this.#tally, history: this.#history };
    this.#feed = new RunScheduler(parts, carried);
  }

  get result(): SyncAllResult {
    return this.#tally.result;
  }

  progress(): SyncProgress {
    const { queued, inFlight } = this.#pool;
    const phase = this.#phase === 'copying' && this.#feed.isDraining ? 'draining' : this.#phase;
    const { inFlight: single } = this.#children;
    return { run: this.#run?.id, phase, queued, inFlight, single, result: this.result };
  }

  stateForNextRun(): SyncAllState {
    const { runningElsewhere, dropped } = this.#pool;
    return {
      run: this.#run,
      adoptedUpTo: this.#adoptedUpTo,
      adoptionOver: this.#adoptionOver,
      ...this.#feed.tagCheckState,
      runningElsewhere,
      dropped,
      result: this.result,
    };
  }

  async run(): Promise<'finished' | 'continue-as-new'> {
    // Cleared before the first await: a request that arrives later is answered by a later query.
    const answered = this.#waiting.splice(0);
    if (this.#run === undefined) this.#tally.add(atNextRun);
    // Adoption needs nothing of the run: it begins at the same time. Its failure is thrown where it is awaited.
    const adopting = this.#adopt();
    adopting.catch(() => undefined);
    this.#run ??= await database.beginRun({ requests: answered });
    if (!(await adopting)) return 'continue-as-new';
    this.#phase = 'copying';
    if (!(await this.#feed.run(this.#run))) return 'continue-as-new';

    this.#phase = 'finishing';
    this.#tellLeft();
    this.#tally.add((result) => ({ ...result, runs: result.runs + 1 }));
    const pruned = this.#prune();
    pruned.catch(() => undefined);
    // Everything is done: a cancellation in this moment does not make it a cancelled run.
    const end = { run: this.#run.id, totals: this.#tally.totals, cancelled: false };
    await CancellationScope.nonCancellable(async () => await database.finishRun(end));
    this.#isFinished = true;
    await pruned;
    this.#phase = 'done';
    return 'finished';
  }

  /**
   * Called with cancellation shielded: waits until every transfer has stopped, and records the end of the run, which would
   * otherwise be shown as running forever.
   */
  async closeCancelled(): Promise<void> {
    await this.#batches.settled();
    await this.#children.settled();
    if (this.#run === undefined || this.#isFinished) return;
    await database.finishRun({ run: this.#run.id, totals: this.#tally.totals, cancelled: true });
  }

  /** Records the end of the run with the failure; its transfers are cancelled when its workflow ends. */
  async closeBroken(error: unknown): Promise<void> {
    if (this.#run === undefined || this.#isFinished) return;
    const failure = rootMessage(error);
    try {
      await database.finishRun({ run: this.#run.id, totals: this.#tally.totals, cancelled: false, failure });
    } catch (unrecorded) {
      log.error('the end of a failed run could not be recorded', { failure, error: unrecorded });
    }
  }

  /** A failure to delete old history does not fail the run. */
  async #prune(): Promise<void> {
    try {
      await pruning.pruneHistory();
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('old history was not deleted, the next run retries', { error });
    }
  }

  /** Adopts images that older scripts pushed, page by page; false if the history is too long. */
  async #adopt(): Promise<boolean> {
    this.#phase = 'adopting';
    while (!this.#adoptionOver) {
      if (this.#history.isReached()) return false;
      const { next, refused, ...found } = await adoption.adoptPresent({ after: this.#adoptedUpTo });
      this.#tally.add(withTakeover, found);
      this.#tally.add(withRefusedRows, refused);
      if (next === undefined) this.#adoptionOver = true;
      else this.#adoptedUpTo = next;
    }
    return true;
  }

  #tellLeft(): void {
    for (const image of this.#pool.runningElsewhere) {
      const reason = 'another workflow is copying it; the next run checks it again';
      this.#tally.add(withUnreportedImage, { image, state: 'waiting', code: 'busy', reason });
    }
  }
}
