import { parseUploadHabits } from '@image-ferry/registry/upload-records';
import type { UploadHabits } from '@image-ferry/registry/upload-records';

import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';

/** A line that broke, or held, this long ago says nothing about today's. */
const lineTrustedMs = 24 * 60 * 60 * 1_000;

export interface LearnedHabits {
  readonly habits: UploadHabits;
  readonly learnedAt: number;
}

/** Remembers how registries take uploads. */
export class HostHabitStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** What was learned of a registry; whether its line breaks only for a day. */
  async load(registry: string): Promise<UploadHabits | undefined> {
    return (await this.read(registry))?.habits;
  }

  /** The same, with when it was learned, UTC milliseconds. */
  async read(registry: string): Promise<LearnedHabits | undefined> {
    const { queries, dialect } = this.#database;
    const select = queries
      .selectFrom('host_habits')
      .selectAll()
      .select(dialect.clock().as('now'))
      .where('registry', '=', registry);
    const row = await select.executeTakeFirst();
    if (row === undefined) return undefined;
    const habits = parseUploadHabits(readJsonColumn(row.habits));
    const isRecent = row.learned_at > Number(row.now) - lineTrustedMs;
    return {
      habits: isRecent ? habits : { ...habits, bytesBetweenBreaks: undefined, lineHolds: undefined },
      learnedAt: row.learned_at,
    };
  }

  async save(registry: string, habits: UploadHabits): Promise<void> {
    const { dialect, queries } = this.#database;
    const row = { registry, habits: JSON.stringify(habits), learned_at: dialect.clock() };
    await dialect.upsert(queries, 'host_habits', [row], ['registry']);
  }
}
