import type { UploadHabitStore, UploadJournal } from '@image-ferry/registry';

import type { HostHabitStore } from '../database/host-habit-store.js';
import type { UploadSessionStore } from '../database/upload-session-store.js';
import type { Logger } from '../logger.js';

/** Calls that fail while the database is unavailable; saves come every few seconds, so only the first is logged. */
class Tolerance {
  readonly #logger: Logger;
  #failing = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async orUndefined<T>(query: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await query();
      this.#failing = false;
      return result;
    } catch (error) {
      if (!this.#failing) this.#report(error);
      this.#failing = true;
      return undefined;
    }
  }

  #report(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn({ reason }, 'uploads are not recorded: after a crash they would start again from byte 0');
  }
}

/** Uploads that cannot be recorded cost bytes after a crash, never a copy: a failing database is logged once. */
export function tolerantUploads(
  stores: { readonly uploads: UploadSessionStore; readonly habits: HostHabitStore },
  logger: Logger,
): { readonly uploads: UploadJournal; readonly uploadHabits: UploadHabitStore } {
  const { uploads, habits } = stores;
  const tolerance = new Tolerance(logger);
  return {
    uploads: {
      take: async (key) => await tolerance.orUndefined(async () => await uploads.take(key)),
      save: async (record) => await tolerance.orUndefined(async () => await uploads.save(record)),
      remove: async (key) => await tolerance.orUndefined(async () => await uploads.remove(key)),
    },
    uploadHabits: {
      load: async (registry) => await tolerance.orUndefined(async () => await habits.load(registry)),
      save: async (registry, learned) => await tolerance.orUndefined(async () => await habits.save(registry, learned)),
    },
  };
}
