/** Corrects times that were written while the database's clock was ahead. */
import { PushStatus } from '../../domain/wanted-image.js';
import type { FerryDatabase } from '../ferry-database.js';
import { highestId, lowestId, updateWanted } from './wanted-rows.js';

/** Rows per statement. */
const pageSize = 500;

/**
 * Sets future check times of pending rows to now. Otherwise every run would treat these rows as its own finished work until
 * that time. Only called before a run starts, since the run's own rows may have future times if the clock is set back
 * meanwhile.
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
