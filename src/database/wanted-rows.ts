/** Changes of rows of `images_for_push` that every store makes in the same way. */
import type { Updateable } from 'kysely';

import type { PushStatus } from '../domain/wanted-image.js';
import type { Queries } from './dialect-differences.js';
import type { ImagesForPush } from './tables.js';

/** Sets the status of rows, and of the duplicates that follow them. */
export async function setStatus(
  queries: Queries,
  ids: readonly number[],
  status: PushStatus,
  beside: Updateable<ImagesForPush> = {},
): Promise<void> {
  if (ids.length === 0) return;
  const written = { push_status: status, ferry_status: status };
  await queries
    .updateTable('images_for_push')
    .set({ ...written, ...beside })
    .where('id', 'in', [...ids])
    .execute();
  await queries
    .updateTable('images_for_push')
    .set(written)
    .where('duplicate_of', 'in', [...ids])
    .execute();
}

/** What a row forgets when it is wanted anew. */
export const forgotten = {
  parked_code: null,
  parked_reason: null,
  first_missing_at: null,
  note: null,
} as const satisfies Updateable<ImagesForPush>;
