/** Rows of `images_for_push` read to find out which images they name. */
import { InvalidInput } from '../../domain/ferry-error.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { rowIdentity } from '../row-shapes.js';
import type { RowIdentity } from '../row-shapes.js';
import { highestId, lowestId } from '../wanted/wanted-rows.js';

/** Rows in one transaction: few enough that nobody waits long for them. */
export const pageSize = 200;

/** The columns that say which image a row asks for. */
export const NAMING = ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'] as const;

const COLUMNS = ['id', ...NAMING, 'push_status', 'image_key', 'duplicate_of', 'targets'] as const;

/** The first rows by id, to be narrowed down, locked until the end of the transaction. */
export function selectNamingRows(queries: Queries, dialect: DialectDifferences) {
  const rows = queries
    .selectFrom('images_for_push')
    .select(COLUMNS)
    .select(dialect.holdsNul(NAMING).as('nuls'))
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id')
    .limit(pageSize);
  return dialect.locking(rows);
}

/** What a row names, or why it names nothing. */
export function identityOrFault(
  row: Parameters<typeof rowIdentity>[0] & { readonly nuls: number },
): RowIdentity | InvalidInput {
  if (row.nuls > 0) {
    return new InvalidInput(
      'a column that names the image holds a NUL character: write the name anew',
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
