import type { Queries } from '../dialect-differences.js';
import { forgotten, updateWanted } from './wanted-rows.js';

/** Another program changed the image of these rows: they are normalized again like new ones. */
export async function forgetIdentity(queries: Queries, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const nameless = { image: null, image_key: null, checked_at: null, targets: null, verified_at: null };
  await updateWanted(queries, { ...nameless, ...forgotten })
    .where('id', 'in', [...ids])
    .execute();
  // Their duplicates are independent again.
  await updateWanted(queries, { duplicate_of: null })
    .where('duplicate_of', 'in', [...ids])
    .execute();
}
