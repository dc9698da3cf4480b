import { CopyState } from '../domain/wanted-image.js';
import { repeatOnConflict } from './ferry-database.js';
import type { FerryDatabase } from './ferry-database.js';
import { pruneHistory } from './history-pruning.js';
import type { PrunedHistory, PruneOptions } from './history-pruning.js';
import { pagesOf } from './insert-rows.js';
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

/** Sync runs and their reasons. */
export class RunStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
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
  }

  /** Images of these that a run has recorded as pushed, with what it replaced on their targets. */
  async pushedIn(run: string, images: readonly string[]): Promise<ReadonlyMap<string, readonly ReplacedCopy[]>> {
    const found = new Map<string, ReplacedCopy[]>();
    for (const page of pagesOf(images)) {
      const rows = await this.#database.queries
        .selectFrom('run_outcomes')
        .select(['image', 'target', 'state', 'reference', 'digest', 'replaced', 'backup'])
        .where('run', '=', run)
        .where('image', 'in', page)
        .execute();
      for (const { image, target, state } of rows) if (target === '' && isThere(state)) found.set(image, []);
      for (const { image, target, reference, digest, replaced, backup } of rows) {
        if (reference === null || digest === null || replaced === null) continue;
        found.get(image)?.push({ target, reference, digest, replaced, backup: backup ?? undefined });
      }
    }
    return found;
  }

  /** @see pruneHistory */
  async pruneHistory(days: number, options?: PruneOptions): Promise<PrunedHistory> {
    return await pruneHistory(this.#database, days, options);
  }
}

function isThere(state: string): boolean {
  return state === CopyState.pushed || state === CopyState.adopted;
}
