import { repeatOnConflict } from './ferry-database.js';
import type { FerryDatabase } from './ferry-database.js';
import { pruneHistory } from './history-pruning.js';
import type { PrunedHistory, PruneOptions } from './history-pruning.js';
import { bringBackChecks } from './wanted/clock-skew.js';

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

  /** @see pruneHistory */
  async pruneHistory(days: number, options?: PruneOptions): Promise<PrunedHistory> {
    return await pruneHistory(this.#database, days, options);
  }
}
