import { parseUploadHabits } from '@image-ferry/registry/upload-records';
import type { UploadHabits } from '@image-ferry/registry/upload-records';

import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';

/** A line that broke this long ago says nothing about today's. */
const breaksTrustedMs = 24 * 60 * 60 * 1_000;

/** Remembers how registries take uploads. */
export class HostHabitStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** What was learned of a registry; how much gets through between two breaks only for a day. */
  async load(registry: string): Promise<UploadHabits | undefined> {
    const { queries, dialect } = this.#database;
    const select = queries
      .selectFrom('host_habits')
      .selectAll()
      .select(dialect.clock().as('now'))
      .where('registry', '=', registry);
    const row = await select.executeTakeFirst();
    if (row === undefined) return undefined;
    const habits = parseUploadHabits(readJsonColumn(row.habits));
    return row.learned_at > Number(row.now) - breaksTrustedMs ? habits : { ...habits, bytesBetweenBreaks: undefined };
  }

  async save(registry: string, habits: UploadHabits): Promise<void> {
    const { dialect, queries } = this.#database;
    const row = { registry, habits: JSON.stringify(habits), learned_at: dialect.clock() };
    await dialect.upsert(queries, 'host_habits', [row], ['registry']);
  }
}
