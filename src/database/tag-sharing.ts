import { sql } from 'kysely';

import { targetTagIdentity } from '../domain/image-key.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { Queries } from './dialect-differences.js';
import { idsOfImages, setStatus } from './wanted/wanted-rows.js';

/** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
export async function imagesSharingTag(queries: Queries, image: string): Promise<readonly string[]> {
  const tag = targetTagIdentity(image);
  const rows = await queries
    .selectFrom('images_for_push')
    .select('image')
    // Texts compare byte by byte: from `name:tag@` up to the character after `@`.
    .where((is) => is.or([is('image', '=', tag), is.and([is('image', '>', `${tag}@`), is('image', '<', `${tag}A`)])]))
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', PushStatus.withdrawn)]))
    .groupBy('image')
    .orderBy(sql`min(id)`)
    .execute();
  return rows.flatMap((row) => row.image ?? []);
}

/** Makes pushed rows of these images pending again: what is on the targets may not be theirs any more. */
export async function reviewPushed(queries: Queries, images: readonly string[]): Promise<void> {
  if (images.length === 0) return;
  const ids = await idsOfImages(queries, images, PushStatus.pushed);
  await setStatus(queries, ids, PushStatus.pending, { checked_at: null });
}
