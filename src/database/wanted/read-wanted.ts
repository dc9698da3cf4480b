/** Reads the rows of wanted images: of many in as many statements as of one. */
import { groupRows } from '../../domain/group-rows.js';
import type { WantedImage } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { isStillItself, wantedImage } from '../row-shapes.js';
import { forgetIdentity } from './forget-identity.js';
import { highestId, lowestId } from './wanted-rows.js';

/** All rows of one image, and when they were read, UTC ms by the database's clock. */
export interface ReadRows {
  readonly rows: readonly WantedRow[];
  readonly readAt: number;
}

type WantedRow = Awaited<ReturnType<typeof selectWanted>>[number];

/**
 * Reads the rows of images, without duplicates. Rows that another program changed to another image since they were
 * normalized lose their identity.
 *
 * @returns an entry for each image, also for one without rows
 */
export async function readWanted(
  { queries, dialect, transaction }: FerryDatabase,
  images: readonly string[],
): Promise<ReadonlyMap<string, ReadRows>> {
  if (images.length === 0) return new Map();
  // Read the time first: requests that arrive while the rows are read count as later.
  const now = await dialect.now(queries);
  const rows = await selectWanted(queries, images);
  const changed = rows.filter((row) => !isStillItself(row));
  if (changed.length > 0) {
    const ids = changed.map(({ id }) => id);
    await transaction(async (inside) => await forgetIdentity(inside, ids));
  }
  const unchanged = groupRows(
    rows.filter((row) => !changed.includes(row)),
    ({ image }) => image,
  );
  return new Map(
    images.map((image) => {
      const own = unchanged.get(image) ?? [];
      // Later than every request that was read, even if the clock was set back. Otherwise they would stay unanswered.
      const readAt = Math.max(now, ...own.map(({ requested_at: askedFor }) => (askedFor ?? 0) + 1));
      return [image, { rows: own, readAt }];
    }),
  );
}

/** @see WantedImageStore.wantedRows */
export function wantedRows(
  image: string,
  { rows, readAt }: ReadRows,
): { readonly rows: readonly WantedImage[]; readonly readAt: number } {
  return { rows: rows.map((row) => wantedImage(row, image)), readAt };
}

async function selectWanted(queries: Queries, images: readonly string[]) {
  return await queries
    .selectFrom('images_for_push')
    .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'push_status'])
    .select(['image', 'image_key', 'source_digest', 'checked_at', 'first_missing_at', 'blocked_code', 'blocked_reason'])
    .select(['requested_at', 'targets', 'force_copy'])
    .where('image', 'in', [...images])
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id')
    .execute();
}
