/** Records rows that many plans take over at the same time in few transactions. */
import { setTimeout as delay } from 'node:timers/promises';

import { joinCalls } from '../../domain/join-calls.js';
import type { TakenOver } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import { pagesOf } from '../insert-rows.js';
import { nameKey } from '../row-shapes.js';
import type { PushedImageStore } from './pushed-image-store.js';

/** Plans that end within this time share a transaction: short for an image, and long for one that is asked nearby. */
const togetherMs = 10;

/** @returns a `recordTakenOver` whose calls wait for each other; it ends when its rows are recorded */
export function joinTakenOver(
  queries: Queries,
  pushed: Pick<PushedImageStore, 'recordTakenOver'>,
): (found: readonly TakenOver[]) => Promise<void> {
  return joinCalls<TakenOver>(
    async (all) => await pushed.recordTakenOver(await withNames(queries, all)),
    async () => await delay(togetherMs),
  );
}

/** Adds the rows of names that plans do not know, since the ferry wrote them: one read for all. */
async function withNames(queries: Queries, found: readonly TakenOver[]): Promise<readonly TakenOver[]> {
  const unknown = found.flatMap(({ copies }) => copies.filter(({ pushedId: id }) => id === undefined));
  const ids = new Map<string | null, number>();
  for (const page of pagesOf([...new Set(unknown.map(({ reference }) => nameKey(reference)))])) {
    const rows = await queries
      .selectFrom('pushed_images')
      .select(['id', 'name_key'])
      .where('name_key', 'in', page)
      .execute();
    for (const { id, name_key: key } of rows) ids.set(key, id);
  }
  return found.map((one) => ({
    ...one,
    copies: one.copies.map((copy) => ({ ...copy, pushedId: copy.pushedId ?? ids.get(nameKey(copy.reference)) })),
  }));
}
