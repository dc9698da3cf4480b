/** Pages of wanted images, in every order in both directions. */
import { groupRows } from '../../domain/group-rows.js';
import type { ImageFilter, ImageSort } from '../../domain/image-filter.js';
import { openState } from '../../domain/state-change.js';
import type { ImageState } from '../../domain/state-change.js';
import type { FerryDatabase } from '../ferry-database.js';
import type { CopyEntry, WantedEntry } from '../status-views.js';
import { imageConditions } from './image-conditions.js';
import { readCopies, readWanted, selectWanted } from './list-wanted.js';

/** A wanted image with the copies that a run has tried. */
export interface ImageEntry extends Omit<WantedEntry, 'state' | 'open'> {
  readonly state: ImageState;
  readonly copies: readonly Pick<CopyEntry, 'target' | 'state' | 'code' | 'reason' | 'lastTriedAt'>[];
}

export interface ImageOrder {
  readonly sort: ImageSort;
  readonly order: 'asc' | 'desc';
}

/** The last row of a page: its value in the sorted column, and its ID. */
export interface ImagePlace {
  /** NULL sorts before all values. */
  readonly value: string | number | null;
  readonly id: number;
}

export interface ImagePage {
  readonly items: readonly ImageEntry[];
  /** Absent at the end. */
  readonly next?: ImagePlace | undefined;
}

type Database = Pick<FerryDatabase, 'queries' | 'dialect'>;
const columns = { image: 'image', checked: 'checked_at' } as const;

/** A page of the images that match, after a place. */
export async function listImages(
  database: Database,
  filter: ImageFilter,
  { sort, order, limit, after }: ImageOrder & { readonly limit: number; readonly after?: ImagePlace | undefined },
): Promise<ImagePage> {
  const rows =
    sort === 'added'
      ? await byId(matching(database, filter), order, after?.id).limit(limit).execute()
      : await sortedRows(database, filter, { column: columns[sort], order, limit, after });
  const last = rows.at(-1);
  // An ID that cannot be read exactly cannot be used to continue.
  const isPlace = last !== undefined && rows.length === limit && Number.isSafeInteger(last.id);
  return {
    items: await imageEntries(database, rows),
    next: isPlace ? { value: sort === 'added' ? null : last[columns[sort]], id: last.id } : undefined,
  };
}

interface Sorted {
  readonly column: 'image' | 'checked_at';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: ImagePlace | undefined;
}

/** Rows with a NULL in the column come first, or last when the order is descending; each part is a range of an index. */
async function sortedRows(database: Database, filter: ImageFilter, sorted: Sorted): Promise<SelectedRow[]> {
  const { order, limit, after } = sorted;
  const parts = order === 'asc' ? ([nullRows, valueRows] as const) : ([valueRows, nullRows] as const);
  const begun = after?.value === null ? nullRows : valueRows;
  const isInSecond = after !== undefined && begun === parts[1];
  const found: SelectedRow[] = [];
  for (const part of isInSecond ? [begun] : parts) {
    if (found.length === limit) break;
    const place = part === begun ? after : undefined;
    found.push(...(await part(database, filter, { ...sorted, limit: limit - found.length, after: place })));
  }
  return found;
}

async function nullRows(database: Database, filter: ImageFilter, sorted: Sorted): Promise<SelectedRow[]> {
  const { column, order, limit, after } = sorted;
  const rows = matching(database, filter).where(column, 'is', null);
  return await byId(rows, order, after?.id).limit(limit).execute();
}

async function valueRows(database: Database, filter: ImageFilter, sorted: Sorted): Promise<SelectedRow[]> {
  const { column, order, limit, after } = sorted;
  const [from, beyond] = order === 'asc' ? (['>=', '>'] as const) : (['<=', '<'] as const);
  const rows = matching(database, filter).where(column, 'is not', null);
  const rest =
    after === undefined
      ? rows
      : rows
          .where(column, from, after.value)
          .where((is) => is.or([is(column, beyond, after.value), is('id', beyond, after.id)]));
  return await rest.orderBy(column, order).orderBy('id', order).limit(limit).execute();
}

/** The number of rows that match. */
export async function countImages({ queries }: Database, filter: ImageFilter): Promise<number> {
  const row = await queries
    .selectFrom('images_for_push')
    .select((is) => is.fn.countAll<number>().as('rows'))
    .where((is) => imageConditions(is, filter))
    .executeTakeFirst();
  return Number(row?.rows ?? 0);
}

/** All rows of one image, the first requested first. */
export async function rowsOfImage(database: Database, image: string): Promise<readonly ImageEntry[]> {
  return await imageEntries(database, await selectWanted(database).where('image', '=', image).orderBy('id').execute());
}

function matching(database: Database, filter: ImageFilter) {
  return selectWanted(database).where((is) => imageConditions(is, filter));
}

type Selected = ReturnType<typeof selectWanted>;
type SelectedRow = Awaited<ReturnType<Selected['execute']>>[number];

function byId(rows: Selected, order: 'asc' | 'desc', after: number | undefined): Selected {
  const rest = after === undefined ? rows : rows.where('id', order === 'asc' ? '>' : '<', after);
  return rest.orderBy('id', order);
}

async function imageEntries(database: Database, rows: readonly SelectedRow[]): Promise<readonly ImageEntry[]> {
  const { queries } = database;
  const images = [...new Set(rows.flatMap(({ image }) => image ?? []))];
  const copiesOf = groupRows(await readCopies(queries, images), ({ image }) => image);
  return (await readWanted(queries, rows)).map(({ open: _open, ...entry }) => {
    const copies = copiesOf.get(entry.image) ?? [];
    return {
      ...entry,
      state: shownState(entry, copies),
      copies: copies.map(({ target, state, code, reason, lastTriedAt }) => ({
        target,
        state,
        code,
        reason,
        lastTriedAt,
      })),
    };
  });
}

/** Pending images that a run has tried, with nothing requested since then, are waiting or retrying. */
function shownState({ state, checkedAt, requestedAt }: WantedEntry, copies: readonly CopyEntry[]): ImageState {
  const isTried = checkedAt !== undefined && (requestedAt === undefined || requestedAt < checkedAt);
  if (state !== 'pending' || !isTried) return state;
  const open = openState(copies.map((copy) => copy.state));
  return open === undefined || open === 'blocked' ? 'pending' : open;
}
