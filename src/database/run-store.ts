import type { FaultCode } from '../domain/ferry-error.js';
import { groupRows } from '../domain/group-rows.js';
import { CopyState, isThere } from '../domain/wanted-image.js';
import { repeatOnConflict } from './ferry-database.js';
import type { FerryDatabase } from './ferry-database.js';
import { pruneHistory } from './history-pruning.js';
import type { PrunedHistory, PruneOptions } from './history-pruning.js';
import { pagesOf } from './insert-rows.js';
import type { RunOutcomes } from './tables.js';
import { bringBackChecks } from './wanted/clock-skew.js';

/** A tag on a target whose old content a run replaced. */
export interface ReplacedCopy {
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  readonly digest: string;
  /** The old digest. */
  readonly replaced: string;
  readonly backup?: string | undefined;
}

/** What a run recorded of an image that it settled: none of its rows is pending any more, unless it was requested again. */
export interface SettledOutcome {
  readonly state: 'pushed' | 'blocked';
  readonly replaced: readonly ReplacedCopy[];
  /** Why it is blocked; without a target if the reason is the same for all of them. */
  readonly faults: readonly { readonly target?: string; readonly code: FaultCode; readonly reason: string }[];
}

/** Sync runs and their reasons. */
export class RunStore {
  readonly #database: FerryDatabase;
  readonly #onFinished: ((durationMs: number) => void) | undefined;

  /** @param onFinished called when the end of a run is recorded; an end that is recorded again is reported again */
  constructor(database: FerryDatabase, onFinished?: (durationMs: number) => void) {
    this.#database = database;
    this.#onFinished = onFinished;
  }

  /** @returns when the run started, UTC ms by the database's clock; a repeated call returns the first start */
  async begin(run: {
    readonly id: string;
    readonly reasons: readonly string[];
  }): Promise<{ readonly startedAt: number }> {
    const { dialect, transaction } = this.#database;
    await bringBackChecks(this.#database);
    return await transaction(async (inside) => {
      const row = { id: run.id, reasons: JSON.stringify(run.reasons), started_at: dialect.clock() };
      await dialect.insertAbsent(inside, 'runs', [row], ['id']);
      const select = inside.selectFrom('runs').select('started_at').where('id', '=', run.id);
      const { started_at: startedAt } = await dialect.locking(select).executeTakeFirstOrThrow();
      return { startedAt };
    });
  }

  async finish(run: { readonly id: string; readonly summary: Readonly<Record<string, unknown>> }): Promise<void> {
    const { dialect, queries } = this.#database;
    const finished = { finished_at: dialect.clock(), summary: JSON.stringify(run.summary) };
    const update = queries.updateTable('runs').set(finished).where('id', '=', run.id);
    await repeatOnConflict(async () => await update.execute());
    if (this.#onFinished === undefined) return;
    const select = queries.selectFrom('runs').select(['started_at', 'finished_at']).where('id', '=', run.id);
    const times = await select.executeTakeFirst();
    const finishedAt = times?.finished_at ?? undefined;
    if (times !== undefined && finishedAt !== undefined) this.#onFinished(finishedAt - times.started_at);
  }

  /** Images of these that a run has recorded as pushed or blocked. */
  async settledIn(run: string, images: readonly string[]): Promise<ReadonlyMap<string, SettledOutcome>> {
    const found = new Map<string, SettledOutcome>();
    for (const page of pagesOf(images)) {
      const rows = await this.#database.queries
        .selectFrom('run_outcomes')
        .select(['image', 'target', 'state', 'code', 'reason', 'reference', 'digest', 'replaced', 'backup'])
        .where('run', '=', run)
        .where('image', 'in', page)
        .execute();
      for (const [image, own] of groupRows(rows, ({ image: name }) => name)) {
        const outcome = settledOutcome(own);
        if (outcome !== undefined) found.set(image, outcome);
      }
    }
    return found;
  }

  /** @see pruneHistory */
  async pruneHistory(days: number, options?: PruneOptions): Promise<PrunedHistory> {
    return await pruneHistory(this.#database, days, options);
  }
}

type OutcomeRow = Pick<
  RunOutcomes,
  'target' | 'state' | 'code' | 'reason' | 'reference' | 'digest' | 'replaced' | 'backup'
>;

/** @param rows of one image */
function settledOutcome(rows: readonly OutcomeRow[]): SettledOutcome | undefined {
  const whole = rows.find(({ target }) => target === '');
  const copies = rows.filter(({ target }) => target !== '');
  const replaced = copies.flatMap(({ target, reference, digest, replaced: before, backup }): ReplacedCopy[] =>
    reference === null || digest === null || before === null
      ? []
      : [{ target, reference, digest, replaced: before, backup: backup ?? undefined }],
  );
  if (whole === undefined) return undefined;
  if (isThere(whole.state)) return { state: 'pushed', replaced, faults: [] };
  if (whole.state !== CopyState.blocked) return undefined;
  const isShared = copies.every((copy) => !isThere(copy.state) && copy.reason === whole.reason);
  const faulty = isShared ? [whole] : copies.filter((copy) => !isThere(copy.state));
  return { state: 'blocked', replaced, faults: faulty.map(faultOf) };
}

function faultOf({ target, code, reason }: OutcomeRow): SettledOutcome['faults'][number] {
  const fault = { code: (code ?? 'internal') as FaultCode, reason: reason ?? '' };
  return target === '' ? fault : { target, ...fault };
}
