import type { ExpressionBuilder } from 'kysely';

import { CopyState } from '../../domain/wanted-image.js';
import type { FerryTables } from '../tables.js';

/** Whether a copy of the image of a row is not complete. It reads the copies of this image alone. */
export function hasOpenCopy(is: ExpressionBuilder<FerryTables, 'images_for_push'>) {
  return is.exists(
    is
      .selectFrom('image_copies')
      .select('image_copies.target')
      .whereRef('image_copies.image', '=', 'images_for_push.image')
      .where('image_copies.state', 'in', [CopyState.waiting, CopyState.retrying, CopyState.blocked]),
  );
}
