import { sql } from 'kysely';

import { referencesOfKey, targetTagKey } from '../domain/target-tag.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { groupRows } from './group-rows.js';
import { changeStatus } from './wanted/change-status.js';
import { idsOfImages } from './wanted/wanted-rows.js';

/** Tags per statement: for each a range of the index is read. */
const tagsTogether = 100;

/** By image, the images that have its tag on a target, itself among them if it is wanted; the first wanted first. */
export async function imagesSharingTags(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = [...new Set(images.map(targetTagKey))];
  const byKey = new Map<string, string[]>();
  for (let start = 0; start < keys.length; start += tagsTogether) {
    const found = await imagesOfTags(queries, keys.slice(start, start + tagsTogether));
    for (const [key, sharing] of groupRows(found, targetTagKey)) byKey.set(key, sharing);
  }
  return new Map(images.map((image) => [image, byKey.get(targetTagKey(image)) ?? []]));
}

async function imagesOfTags(queries: Queries, keys: readonly string[]): Promise<readonly string[]> {
  const references = keys.map(referencesOfKey);
  const rows = await queries
    .selectFrom('images_for_push')
    .select('image')
    .where((is) => {
      const exact = references.map((reference) => reference.exact);
      const longer = references
        .flatMap(({ prefixes }) => prefixes)
        .map((prefix) => is.and([is('image', '>', prefix), is('image', '<', after(prefix))]));
      return is.or([is('image', 'in', exact), ...longer]);
    })
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', PushStatus.withdrawn)]))
    .groupBy('image')
    .orderBy(sql`min(id)`)
    .execute();
  return rows.flatMap((row) => row.image ?? []);
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
