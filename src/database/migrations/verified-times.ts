import { sql } from 'kysely';

import { CopyState, PushStatus } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { SchemaEditor } from '../schema-editor.js';

/**
 * When the ferry itself saw an image on its targets. What it pushed or adopted before it kept this time was verified then;
 * what another program marked as pushed was not.
 */
export async function addVerifiedTimes(queries: Queries, editor: SchemaEditor): Promise<void> {
  await editor.addColumns('images_for_push', { verified_at: { type: 'bigint' } });
  await editor.addColumns('pushed_images', { verified_at: { type: 'bigint' } });
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
            .whereRef('image_copies.digest', '=', 'pushed_images.digest'),
        ),
      ]),
    )
    .execute();
}
