/** Reads and writes `image_copies.verified`: the verified properties of a digest on a target. With it the next check takes two HEAD requests. */
import { isDigest } from '@image-ferry/registry/digest';

import type { KnownCopy } from '../../domain/copy-recipe.js';
import { groupRows } from '../../domain/group-rows.js';
import type { TargetOutcome } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import { readJsonColumn } from '../json-column.js';
import type { ImageCopies } from '../tables.js';

type Verified = Pick<KnownCopy, 'recipe' | 'mediaType' | 'platforms' | 'missingPlatforms' | 'note'>;

/** @returns null if a later run cannot reuse this copy */
export function printVerified(
  { recipe, mediaType, platforms, note }: Extract<TargetOutcome, { state: 'pushed' }>,
  missingPlatforms: readonly string[],
): string | null {
  return recipe === undefined ? null : JSON.stringify({ recipe, mediaType, platforms, missingPlatforms, note });
}

/**
 * Reads the verified copies of images by image and target, without adopted ones and those of older versions. If a person forced a
 * copy, only later copies count: content below a tag may be missing, which the tag itself does not show.
 */
export async function readKnownCopies(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, KnownCopy>>> {
  const rows = await queries
    .selectFrom('image_copies')
    .select(['image', 'target', 'digest', 'source_digest', 'dropped', 'verified'])
    .where('image_copies.image', 'in', [...images])
    .where('verified', 'is not', null)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom('images_for_push')
            .select('images_for_push.id')
            .whereRef('images_for_push.image', '=', 'image_copies.image')
            .where('images_for_push.force_copy', 'is not', null)
            // Forced without a request because the tag moved: no older copy has the new digest.
            .where('images_for_push.requested_at', 'is not', null)
            .where((row) =>
              row.or([
                row('image_copies.last_pushed_at', 'is', null),
                row('image_copies.last_pushed_at', '<=', row.ref('images_for_push.requested_at')),
              ]),
            ),
        ),
      ),
    )
    .execute();
  const byImage = groupRows(rows, ({ image }) => image);
  return new Map([...byImage].map(([image, copies]) => [image, knownAmong(copies)]));
}

type VerifiedColumns = Pick<ImageCopies, 'target' | 'digest' | 'source_digest' | 'dropped' | 'verified'>;

function knownAmong(copies: readonly VerifiedColumns[]): ReadonlyMap<string, KnownCopy> {
  const known = new Map<string, KnownCopy>();
  for (const { target, digest, source_digest: sourceDigest, dropped, verified } of copies) {
    if (digest === null || !isDigest(digest) || sourceDigest === null || !isDigest(sourceDigest)) continue;
    const told = readJsonColumn(verified) as Verified | undefined;
    const left = readJsonColumn(dropped ?? '[]') as KnownCopy['dropped'] | undefined;
    // The copy is checked as a whole, like an unknown one.
    if (told === undefined || left === undefined) continue;
    known.set(target, { ...told, digest, sourceDigest, dropped: left });
  }
  return known;
}

/** Invalidates the verified copies of images: they were started before a copy was forced. */
export async function forgetVerified(queries: Queries, images: readonly string[]): Promise<void> {
  if (images.length === 0) return;
  await queries
    .updateTable('image_copies')
    .set({ verified: null })
    .where('image', 'in', [...images])
    .execute();
}
