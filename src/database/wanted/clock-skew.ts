/** Times that were written while the database's clock was ahead. */
import { PushStatus } from '../../domain/wanted-image.js';
import type { FerryDatabase } from '../ferry-database.js';
import { highestId, lowestId, updateWanted } from './wanted-rows.js';

/** Rows changed in one statement. */
const pageSize = 500;

/**
 * Pending rows that a run finished with at a time to come count as looked at just now: every run would take them for
 * its own work until that time is there. Only before a run begins, since its own may be among them when the clock is put
 * back meanwhile.
 */
export async function bringBackChecks({ queries, dialect }: FerryDatabase): Promise<void> {
  const now = await dialect.now(queries);
  for (;;) {
    const rows = await queries
      .selectFrom('images_for_push')
      .select('id')
      .where('push_status', '=', PushStatus.pending)
      .where('checked_at', '>', now)
      .where((is) => is.between('id', lowestId, highestId))
      .limit(pageSize)
      .execute();
    if (rows.length === 0) return;
    await updateWanted(queries, { checked_at: now - 1 })
      .where(
        'id',
        'in',
        rows.map(({ id }) => id),
      )
      .where('checked_at', '>', now)
      .execute();
  }
}
