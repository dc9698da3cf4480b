/** Rows that another program marked as pushed: the ferry itself has not verified the image on the targets. */
import { sql } from 'kysely';

import type { Target } from '../../domain/target.js';
import { PushStatus, thereStates } from '../../domain/wanted-image.js';
import type { ClaimedRow } from '../../domain/wanted-image.js';
import { chosenTargets } from '../../domain/wanted-targets.js';
import type { Queries } from '../dialect-differences.js';
import { canonicalPlatforms } from '../row-shapes.js';
import { readSelections } from '../wanted/target-selections.js';
import { highestId } from '../wanted/wanted-rows.js';
import { copyOn, pushedRows } from './adoption-candidates.js';

/** Rows in the order of an index, which ends with the ID. */
function claimedRows(queries: Queries) {
  return queries
    .selectFrom('images_for_push')
    .where('is_claimed', '=', 1)
    .where('push_status', '=', PushStatus.pushed)
    .where('duplicate_of', 'is', null);
}

/** The number of claimed rows, without duplicates. */
export async function countClaimed(queries: Queries): Promise<number> {
  const row = await claimedRows(queries)
    .select(sql<number>`count(*)`.as('rows'))
    .executeTakeFirstOrThrow();
  return Number(row.rows);
}

/** @see PushedImageStore.claimedRows */
export async function findClaimedRows(
  queries: Queries,
  { targets, after, limit }: { readonly targets: readonly Target[]; readonly after: number; readonly limit: number },
): Promise<readonly ClaimedRow[]> {
  const rows = await claimedRows(queries)
    .select(['id', 'image', 'platform'])
    // An identity, which may also be an empty text.
    .where(sql`+image`, '<>', '')
    .where('id', '>', after)
    .where('id', '<=', highestId)
    .orderBy('id')
    .limit(limit)
    .execute();
  const images = [...new Set(rows.flatMap(({ image }) => image ?? []))];
  const selections = await readSelections(queries, images);
  const byFerry = await ownCopies(queries, images);
  const byScripts = await pushedRows(queries, images);
  return rows.map(({ id, image: name, platform }) => {
    const image = name ?? '';
    const selection = selections.get(image) ?? 'all';
    const places = chosenTargets(selection, targets).map(({ name: target, ...rest }) => {
      const reference = byFerry.get(copyKey(image, target));
      const script = copyOn({ name: target, ...rest }, targets, byScripts.get(image) ?? [], []);
      return {
        target,
        reference: reference ?? script?.registryImageName,
        pushedId: script?.pushedId,
      };
    });
    return { rowId: id, image, platform: canonicalPlatforms(platform), selection, places };
  });
}

/** Names under which the ferry itself pushed or found images. */
async function ownCopies(queries: Queries, images: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (images.length === 0) return new Map();
  const rows = await queries
    .selectFrom('image_copies')
    .select(['image', 'target', 'reference'])
    .where('image', 'in', [...images])
    .where('state', 'in', thereStates)
    .where('reference', 'is not', null)
    .execute();
  return new Map(rows.map(({ image, target, reference }) => [copyKey(image, target), reference ?? '']));
}

function copyKey(image: string, target: string): string {
  return `${target} ${image}`;
}
