import { sourceRepository } from '@image-ferry/registry/reference';
import type { ExpressionBuilder } from 'kysely';

import { InvalidInput } from '../../domain/ferry-error.js';
import { referenceFromRow } from '../../domain/legacy-row.js';
import type { ReferenceColumns } from '../../domain/legacy-row.js';
import { recordableImage } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import { keepingPushTime } from '../pushed/write-pushed-images.js';
import { nameKey } from '../row-shapes.js';
import type { FerryTables } from '../tables.js';
import { highestId, lowestId, perRow } from '../wanted/wanted-rows.js';

const pageSize = 200;

/**
 * takeOverPushedRows reads rows of `pushed_images` from older scripts: the image and the name of each. The first source
 * repository of a target repository owns it. Rows that do not identify an image are marked as read with ''.
 */
export async function adoptPushedImages({
  queries,
  dialect,
  transaction,
}: Pick<FerryDatabase, 'queries' | 'dialect' | 'transaction'>): Promise<void> {
  const unread = queries.selectFrom('pushed_images').select('id').where('image', 'is', null).where(hasExactId).limit(1);
  if ((await unread.executeTakeFirst()) === undefined) return;
  // Always continue after the last row, so that a row that does not keep written values is not read forever.
  let after: number | undefined = lowestId - 1;
  while (after !== undefined) {
    const last: number = after;
    after = await transaction((inside) => takeOverPage(inside, dialect, last));
  }
}

function hasExactId(is: ExpressionBuilder<FerryTables, 'pushed_images'>) {
  return is.between('id', lowestId, highestId);
}

/** Lowest ID first: the first owner of a name keeps it. @returns the id of the last row of a page that was full */
async function takeOverPage(queries: Queries, dialect: DialectDifferences, after: number): Promise<number | undefined> {
  const rows = await queries
    .selectFrom('pushed_images')
    .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name'])
    .select(['target_registry_url', 'registry_image_name'])
    .where('image', 'is', null)
    .where(hasExactId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(pageSize)
    .execute();
  if (rows.length === 0) return undefined;

  const now = await dialect.now(queries);
  const read = rows.map((row) => ({ id: row.id, name: nameOnTarget(row), source: sourceOf(row) }));
  const claims = read.flatMap(({ name, source }) => {
    if (name === undefined || source === undefined) return [];
    const place = { target_repository: `${name.host}/${name.repository}`, target_registry: name.host };
    return [{ ...place, source_repository: source.repository, target: null, claimed_at: now }];
  });
  await dialect.insertAbsent(queries, 'target_names', claims, ['target_repository']);

  const keys = read.map(({ name }) => (name === undefined ? null : nameKey(printName(name))));
  const taken = await takenKeys(queries, keys);
  const told = read.map(({ id, source }, position) => {
    const key = keys[position] ?? null;
    const isFirst = key !== null && !taken.has(key);
    if (isFirst) taken.add(key);
    return { id, image: source?.image ?? '', key: isFirst ? key : null };
  });
  await keepingPushTime(queries, {
    image: perRow(told, ({ image }) => image),
    name_key: perRow(told, ({ key }) => key),
  })
    .where(
      'id',
      'in',
      told.map(({ id }) => id),
    )
    .execute();
  return rows.length < pageSize ? undefined : rows.at(-1)?.id;
}

async function takenKeys(queries: Queries, keys: readonly (string | null)[]): Promise<Set<string | null>> {
  const asked = keys.filter((key) => key !== null);
  if (asked.length === 0) return new Set();
  const rows = await queries.selectFrom('pushed_images').select('name_key').where('name_key', 'in', asked).execute();
  return new Set(rows.map(({ name_key: key }) => key));
}

/** The image of an older script's row; undefined if it does not identify one. */
export function sourceOf(row: ReferenceColumns): { readonly image: string; readonly repository: string } | undefined {
  try {
    const reference = referenceFromRow(row);
    return { image: recordableImage(reference), repository: sourceRepository(reference) };
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
