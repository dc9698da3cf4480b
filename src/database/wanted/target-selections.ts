/** `images_for_push.targets`: a JSON list of names, NULL for all; and the targets of whole images. */
import type { PushStatus } from '../../domain/wanted-image.js';
import { wantedTargets } from '../../domain/wanted-targets.js';
import type { TargetSelection } from '../../domain/wanted-targets.js';
import type { Queries } from '../dialect-differences.js';
import { readJsonColumn } from '../json-column.js';
import type { ImagesForPush } from '../tables.js';

type TargetsColumns = Pick<ImagesForPush, 'targets' | 'push_status'>;

/** Images per query: each is a parameter. */
const pageSize = 500;

export function targetsColumn(selection: TargetSelection): string | null {
  return selection === 'all' ? null : JSON.stringify(selection);
}

/** A text that is not a list counts as a name. No target has it, so the image is blocked with a reason that contains it. */
export function targetSelection(column: string | null): TargetSelection {
  if (column === null || column === '') return 'all';
  const names = readJsonColumn(column);
  return Array.isArray(names) ? names.map(String) : [column];
}

/** @param rows all of one image */
export function selectionOfRows(rows: readonly TargetsColumns[]): TargetSelection {
  return wantedTargets(
    rows.map((row) => {
      const targets = targetSelection(row.targets);
      const status = (row.push_status ?? 0) as PushStatus;
      return targets === 'all' ? { status } : { status, targets };
    }),
  );
}

/** Of rows that are pushed, those whose image is for a target by all of its rows. */
export async function rowsForTarget<T extends { readonly image: string | null; readonly targets: string | null }>(
  queries: Queries,
  rows: readonly T[],
  target: string,
): Promise<readonly T[]> {
  const limited = rows.flatMap(({ image, targets }) => (image === null || targets === null ? [] : [image]));
  const selections = await readSelections(queries, [...new Set(limited)]);
  return rows.filter(({ image }) => {
    const selection = selections.get(image ?? '') ?? 'all';
    return selection === 'all' || selection.includes(target);
  });
}

/** The targets of each image by all of its rows. */
export async function readSelections(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, TargetSelection>> {
  const rowsOf = new Map<string, TargetsColumns[]>();
  for (let start = 0; start < images.length; start += pageSize) {
    const rows = await queries
      .selectFrom('images_for_push')
      .select(['image', 'targets', 'push_status'])
      .where('image', 'in', images.slice(start, start + pageSize))
      .execute();
    for (const row of rows) {
      const image = row.image ?? '';
      const known = rowsOf.get(image);
      if (known === undefined) rowsOf.set(image, [row]);
      else known.push(row);
    }
  }
  return new Map([...rowsOf].map(([image, rows]) => [image, selectionOfRows(rows)]));
}
