import { KeyedLock } from '@image-ferry/registry';
import type { UploadHabitStore, UploadJournal, UploadKey } from '@image-ferry/registry';

import { errorMessage } from '../domain/error-message.js';

export interface TolerantUploads {
  readonly uploads: UploadJournal;
  readonly uploadHabits: UploadHabitStore | undefined;
}

/**
 * Uploads that cannot be recorded cost bytes after a crash, never a copy. Calls for one upload are made in the order in
 * which they came: a late save must not bring back an upload that was removed.
 *
 * @param stores may reject
 * @param report gets the reason of the first failure, and of the first one after a success: saves come every few seconds
 */
export function tolerantUploads(
  { uploads, habits }: { readonly uploads: UploadJournal; readonly habits?: UploadHabitStore },
  report: (reason: string) => void,
): TolerantUploads {
  const locks = new KeyedLock();
  let isFailing = false;

  async function orUndefined<T>(query: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await query();
      isFailing = false;
      return result;
    } catch (error) {
      if (!isFailing) report(errorMessage(error));
      isFailing = true;
      return undefined;
    }
  }

  async function inOrder<T>(key: UploadKey, query: () => Promise<T>): Promise<T | undefined> {
    const { registry, repository, tag, digest } = key;
    const release = await locks.acquire([`${registry}/${repository}:${tag}@${digest}`]);
    try {
      return await orUndefined(query);
    } finally {
      release();
    }
  }

  return {
    uploads: {
      take: async (key) => await inOrder(key, async () => await uploads.take(key)),
      save: async (record) => await inOrder(record, async () => await uploads.save(record)),
      remove: async (key) => await inOrder(key, async () => await uploads.remove(key)),
    },
    uploadHabits:
      habits === undefined
        ? undefined
        : {
            load: async (registry) => await orUndefined(async () => await habits.load(registry)),
            save: async (registry, learned) => await orUndefined(async () => await habits.save(registry, learned)),
          },
  };
}
