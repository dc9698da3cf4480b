import { sql } from 'kysely';

import { CopyState, PushStatus } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { SchemaEditor } from '../schema-editor.js';
import type { ColumnShape } from '../table-shape.js';

export const VERIFIED_COLUMN: Readonly<Record<string, ColumnShape>> = { verified_at: { type: 'bigint' } };

/**
 * When the ferry itself saw an image on its targets. What it pushed or adopted before it kept this time was verified then;
 * what another program marked as pushed was not.
 */
export async function addVerifiedTimes(queries: Queries, editor: SchemaEditor): Promise<void> {
  await editor.addColumns('images_for_push', VERIFIED_COLUMN);
  await editor.addColumns('pushed_images', VERIFIED_COLUMN);
  const seen = queries
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('state', 'in', [CopyState.pushed, CopyState.adopted]);
  await queries
    .updateTable('images_for_push')
    .set({ verified_at: sql<number>`checked_at`, add_time: sql<string>`add_time` })
    .where('push_status', '=', PushStatus.pushed)
    .where('ferry_status', '=', PushStatus.pushed)
    .where('checked_at', 'is not', null)
    .where('image', 'in', seen)
    .execute();
  await queries
    .updateTable('pushed_images')
    .set({ verified_at: sql<number>`0`, push_time: sql<string>`push_time` })
    .where((is) =>
      is.or([
        is('source_digest', 'is not', null),
        is.exists(
          is
            .selectFrom('image_copies')
            .select('image_copies.target')
            .whereRef('image_copies.image', '=', 'pushed_images.image')
            // A character set of the older scripts may have no collation in common with the ferry's.
            .where('image_copies.digest', '=', sql<string>`cast(pushed_images.digest as char)`),
        ),
      ]),
    )
    .execute();
}
