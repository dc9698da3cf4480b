import { isCancellation, log } from '@temporalio/workflow';

import type { Pass, SyncAllResult, SyncAllState, SyncProgress, SyncRequest } from '../contract/sync.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import { adoption, database, pruning } from './activity-proxies.js';
import { HistoryLimit } from './history-limit.js';
import { ImagePool } from './image-pool.js';
import { ImageRuns } from './image-runs.js';
import { PassFeed } from './pass-feed.js';
import { PassTally } from './pass-tally.js';
import { atNextPass, withTakeover, withRefusedRows, withUntoldImage } from './sync-result.js';
import { rootMessage } from './untold-fault.js';

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
  readonly #tally: PassTally;
  readonly #pool: ImagePool;
  readonly #runs: ImageRuns;
  readonly #history: HistoryLimit;
  readonly #feed: PassFeed;
  #pass: Pass | undefined;
  #adoptedUpTo: number;
  #adoptionOver: boolean;
  #phase: SyncProgress['phase'] = 'starting';
  /** Its end is in the database: what comes after is not to change it. */
  #isFinished = false;

  constructor({ waiting, result, carried, continueAfterEvents }: SyncPassOptions) {
    this.#waiting = waiting;
    this.#tally = new PassTally(result);
    this.#pass = carried.pass;
    this.#adoptedUpTo = carried.adoptedUpTo ?? beforeFirstRow;
    this.#adoptionOver = carried.adoptionOver ?? false;
    this.#pool = new ImagePool(carried);
    this.#runs = new ImageRuns(this.#pool, this.#tally);
    this.#history = new HistoryLimit(continueAfterEvents);
    const parts = { waiting, pool: this.#pool, runs: this.#runs, tally: this.#tally, history: this.#history };
    this.#feed = new PassFeed(parts, carried);
  }

  get result(): SyncAllResult {
    return this.#tally.result;
  }

  progress(): SyncProgress {
    const run = this.#pass === undefined ? {} : { run: this.#pass.run };
    const { queued, inFlight } = this.#pool;
    const phase = this.#phase === 'copying' && this.#feed.isDraining ? 'draining' : this.#phase;
    return { ...run, phase, queued, inFlight, result: this.result };
  }

  stateForNextRun(): SyncAllState {
    const { elsewhere, dropped } = this.#pool;
    return {
      ...(this.#pass === undefined ? {} : { pass: this.#pass }),
      adoptedUpTo: this.#adoptedUpTo,
      adoptionOver: this.#adoptionOver,
      ...this.#feed.tagCheckState,
      elsewhere,
      dropped,
      result: this.result,
    };
  }

  async run(): Promise<'finished' | 'continue-as-new'> {
    // Taken before the first await: a request that comes from here on is answered by a later look.
    const answered = this.#waiting.splice(0);
    if (this.#pass === undefined) {
      this.#pass = await database.beginPass({ requests: answered });
      this.#tally.add(atNextPass);
    }

    if (!(await this.#adopt())) return 'continue-as-new';
    this.#phase = 'copying';
    if (!(await this.#feed.run(this.#pass))) return 'continue-as-new';

    this.#phase = 'finishing';
    this.#tellLeft();
    this.#tally.add((result) => ({ ...result, passes: result.passes + 1 }));
    await database.finishPass({ run: this.#pass.run, totals: this.#tally.totals, cancelled: false });
    this.#isFinished = true;
    await this.#prune();
    this.#phase = 'done';
    return 'finished';
  }

  /**
   * Called with cancellation shielded: waits until every transfer has let go, and ends the pass in the database, where
   * it would otherwise stand as running for ever.
   */
  async closeCancelled(): Promise<void> {
    await this.#runs.settled();
    if (this.#pass === undefined || this.#isFinished) return;
    await database.finishPass({ run: this.#pass.run, totals: this.#tally.totals, cancelled: true });
  }

  /** Ends the pass in the database with why it broke off; its transfers are cancelled when its workflow ends. */
  async closeBroken(error: unknown): Promise<void> {
    if (this.#pass === undefined || this.#isFinished) return;
    const failure = rootMessage(error);
    try {
      await database.finishPass({ run: this.#pass.run, totals: this.#tally.totals, cancelled: false, failure });
    } catch (unrecorded) {
      log.error('the end of a broken pass could not be recorded', { failure, error: unrecorded });
    }
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
      if (this.#history.isReached()) return false;
      const { next, refused = 0, ...found } = await adoption.adoptPresent({ after: this.#adoptedUpTo });
      this.#tally.add(withTakeover, found);
      this.#tally.add(withRefusedRows, refused);
      if (next === undefined) this.#adoptionOver = true;
      else this.#adoptedUpTo = next;
    }
    return true;
  }

  #tellLeft(): void {
    for (const image of this.#pool.elsewhere) {
      const reason = 'another run was copying it, and was left to do so; the next pass looks at it again';
      this.#tally.add(withUntoldImage, { image, state: 'waiting', code: 'busy', reason });
    }
  }
}
