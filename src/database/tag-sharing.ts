import { sql } from 'kysely';

import { referencesOfKey, targetTagKey } from '../domain/target-tag.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { changeStatus } from './wanted/change-status.js';
import { idsOfImages } from './wanted/wanted-rows.js';

/** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
export async function imagesSharingTag(queries: Queries, image: string): Promise<readonly string[]> {
  const { exact, prefixes } = referencesOfKey(targetTagKey(image));
  const rows = await queries
    .selectFrom('images_for_push')
    .select('image')
    .where((is) => {
      const longer = prefixes.map((prefix) => is.and([is('image', '>', prefix), is('image', '<', after(prefix))]));
      return is.or([is('image', '=', exact), ...longer]);
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
