/** Actions of a person on many rows: those of named images, or all that match a filter. */
import { sql } from 'kysely';

import type { ImageFilter } from '../../domain/image-filter.js';
import { PushStatus, thereStates } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { pagesOf } from '../insert-rows.js';
import { columnsAsText } from '../row-shapes.js';
import { changeRows } from './change-rows.js';
import type { RowChange } from './change-rows.js';
import { imageConditions } from './image-conditions.js';
import { rowsForTarget } from './target-selections.js';
import { firstRow, highestId, lowestId } from './wanted-rows.js';

/** Canonical images, or the texts of rows that name none; or everything that matches a filter. */
export type BulkSelection = { readonly images: readonly string[] } | { readonly filter: ImageFilter };

/**
 * `retry` leaves out rows that are pushed or withdrawn, `force` and `remove` those that are withdrawn; `backfill` takes pushed
 * ones that the target lacks.
 */
export type BulkAction =
  { readonly kind: Exclude<RowChange, 'backfill'> } | { readonly kind: 'backfill'; readonly target: string };

/** Rows that an action would change. */
export interface BulkRow {
  readonly id: number;
  /** The columns as they are where they name no image. */
  readonly image: string;
  readonly status: number | null;
}

export interface BulkRows {
  readonly rows: readonly BulkRow[];
  /** Selected images that have no row that the action would change. */
  readonly unaffected: readonly string[];
}

/** The rows that an action would change, by ID. */
export async function rowsOfAction(
  { queries }: Pick<FerryDatabase, 'queries'>,
  selection: BulkSelection,
  action: BulkAction,
): Promise<BulkRows> {
  if ('filter' in selection) {
    const rows = await changeable(queries, action)
      .where((is) => imageConditions(is, selection.filter))
      .execute();
    return { rows: await withTarget(queries, rows, action), unaffected: [] };
  }
  const found: SelectedRow[] = [];
  for (const page of pagesOf([...new Set(selection.images)])) {
    found.push(...(await changeable(queries, action).where('image', 'in', page).execute()));
  }
  const known = new Set(found.flatMap(({ image }) => image ?? []));
  const others = new Set(selection.images.filter((image) => !known.has(image)));
  if (others.size > 0) {
    const nameless = await changeable(queries, action).where('image', 'is', null).execute();
    found.push(...nameless.filter((row) => others.has(columnsAsText(row))));
  }
  const rows = await withTarget(queries, found, action);
  const affected = new Set(rows.map(({ image }) => image));
  return { rows, unaffected: selection.images.filter((image) => !affected.has(image)) };
}

/** Changes rows, some hundred in a transaction: writers of other processes do not wait for all of them. */
export async function applyAction(
  database: FerryDatabase,
  rows: readonly BulkRow[],
  action: BulkAction,
  who: string,
): Promise<{ readonly images: number; readonly rows: number }> {
  const images = new Set<string>();
  let changed = 0;
  for (const page of pagesOf(rows)) {
    const done = await database.transaction(async (inside) => {
      const ids = page.map(({ id }) => id);
      // Another program may have changed them since they were selected.
      const now = await changeable(inside, action).where('id', 'in', ids).execute();
      const still = await withTarget(inside, now, action);
      const at = await database.dialect.now(inside);
      await changeRows({ ...database, queries: inside }, still, action.kind, { at, who });
      return still;
    });
    for (const { image } of done) images.add(image);
    changed += done.length;
  }
  return { images: images.size, rows: changed };
}

function changeable(queries: Queries, { kind }: BulkAction) {
  const rows = queries
    .selectFrom('images_for_push')
    .select(['id', 'image', 'push_status', 'targets'])
    .select(['source_registry_url', 'orig_name_space', 'orig_image_name'])
    .where(firstRow, 'is', null)
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id');
  const status = sql<number>`coalesce(push_status, ${PushStatus.pending})`;
  if (kind === 'backfill') return rows.where('push_status', '=', PushStatus.pushed).where('image', 'is not', null);
  if (kind === 'retry') return rows.where(status, 'not in', [PushStatus.pushed, PushStatus.withdrawn]);
  return rows.where(status, '<>', PushStatus.withdrawn);
}

type SelectedRow = Awaited<ReturnType<ReturnType<typeof changeable>['execute']>>[number];

/** For a backfill only rows of images that are for the target and that it lacks. */
async function withTarget(
  queries: Queries,
  rows: readonly SelectedRow[],
  action: BulkAction,
): Promise<readonly BulkRow[]> {
  if (action.kind !== 'backfill') return rows.map(entryOf);
  const { target } = action;
  const wanted = await rowsForTarget(queries, rows, target);
  const there = new Set<string | null>();
  for (const page of pagesOf([...new Set(wanted.flatMap(({ image }) => image ?? []))])) {
    const copies = await queries
      .selectFrom('image_copies')
      .select('image')
      .where('image', 'in', page)
      .where('target', '=', target)
      .where('state', 'in', thereStates)
      .execute();
    for (const { image } of copies) there.add(image);
  }
  return wanted.filter(({ image }) => !there.has(image)).map(entryOf);
}

function entryOf(row: SelectedRow): BulkRow {
  return { id: row.id, image: row.image ?? columnsAsText(row), status: row.push_status };
}
