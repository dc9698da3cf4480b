import { groupRows } from '../domain/group-rows.js';
import { referencesOfKey, targetTagKey } from '../domain/target-tag.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { changeStatus } from './wanted/change-status.js';
import { idsOfImages, isWanted } from './wanted/wanted-rows.js';

/** Tags per statement: SQLite takes at most 500 queries in one, and a tag needs up to three. */
const tagsTogether = 100;

/** By image, the images that have its tag on a target, itself among them if it is wanted; the first wanted first. */
export async function imagesSharingTags(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = [...new Set(images.map(targetTagKey))];
  const byKey = new Map<string, readonly string[]>();
  for (let start = 0; start < keys.length; start += tagsTogether) {
    const rows = await rowsOfTags(queries, keys.slice(start, start + tagsTogether));
    const sorted = rows.toSorted((a, b) => a.id - b.id).flatMap(({ image }) => image ?? []);
    for (const [key, sharing] of groupRows(sorted, targetTagKey)) byKey.set(key, [...new Set(sharing)]);
  }
  return new Map(images.map((image) => [image, byKey.get(targetTagKey(image)) ?? []]));
}

async function rowsOfTags(queries: Queries, keys: readonly string[]) {
  const references = keys.map(referencesOfKey);
  const exact = references.map((reference) => reference.exact);
  const prefixes = references.flatMap((reference) => reference.prefixes);
  const wanted = (from: Pick<Queries, 'selectFrom'>) =>
    from.selectFrom('images_for_push').select(['id', 'image']).where(isWanted);
  return await wanted(queries)
    .where('image', 'in', exact)
    // Joined by `or`, SQLite would read the whole index.
    .unionAll((from) =>
      prefixes.map((prefix) => wanted(from).where('image', '>', prefix).where('image', '<', after(prefix))),
    )
    .execute();
}

/** The first text after all texts with the prefix; texts compare byte by byte. */
function after(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return `${prefix.slice(0, -1)}${String.fromCharCode(last + 1)}`;
}

/** Makes pushed rows of these images pending again: the tag on the targets may no longer be theirs. */
export async function reviewPushed(
  queries: Queries,
  dialect: DialectDifferences,
  images: readonly string[],
): Promise<void> {
  if (images.length === 0) return;
  const ids = await idsOfImages(queries, images, PushStatus.pushed);
  const cause = { kind: 'shared-tag', at: await dialect.now(queries) } as const;
  await changeStatus({ queries, dialect }, ids, PushStatus.pending, { checked_at: null }, cause);
}
