/** Reads rows of `images_for_push` to identify their images. */
import { InvalidInput } from '../../domain/ferry-error.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { rowIdentity } from '../row-shapes.js';
import type { RowIdentity } from '../row-shapes.js';
import { highestId, lowestId } from '../wanted/wanted-rows.js';

/** Rows per transaction: few enough that other writers do not wait long. */
export const pageSize = 200;

/** The columns that identify the image of a row. */
export const namingColumns = ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'] as const;

const selectedColumns = ['id', ...namingColumns, 'push_status', 'image_key', 'duplicate_of', 'targets'] as const;

/** The first rows by ID, locked until the end of the transaction; the caller adds conditions. */
export function selectNamingRows(queries: Queries, dialect: DialectDifferences) {
  const rows = queries
    .selectFrom('images_for_push')
    .select(selectedColumns)
    .select(dialect.holdsNul(namingColumns).as('nuls'))
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id')
    .limit(pageSize);
  return dialect.locking(rows);
}

/** The identity of a row, or why it has none. */
export function identityOrFault(
  row: Parameters<typeof rowIdentity>[0] & { readonly nuls: number },
): RowIdentity | InvalidInput {
  if (row.nuls > 0) {
    return new InvalidInput(
      'a column that identifies the image contains a NUL character: write the name again without it',
      'invalid-reference',
    );
  }
  try {
    return rowIdentity(row);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}

export function idsOf(rows: readonly { readonly id: number }[]): number[] {
  return rows.map(({ id }) => id);
}
