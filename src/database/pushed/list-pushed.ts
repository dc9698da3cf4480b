/** Rows of `pushed_images` as `ferry list pushed` and `ferry status` show them. Add new columns here first. */
import { sourceOf } from '../adoption/adopt-pushed-images.js';
import type { Queries } from '../dialect-differences.js';
import { pagesOf } from '../insert-rows.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import type { PushedEntry } from '../status-views.js';

const unreadPage = 1_000;

export function selectPushed(queries: Queries) {
  return queries
    .selectFrom('pushed_images')
    .select(['id', 'target_registry_url', 'registry_image_name', 'push_time', 'digest', 'platform', 'image'])
    .select(['source_digest', 'verified_at', 'source_registry_url', 'orig_name_space', 'orig_image_name'])
    .orderBy('id');
}

/** The rows of one image, including rows of other programs that no sync run has read yet. */
export async function readPushedOf(queries: Queries, image: string): Promise<readonly PushedEntry[]> {
  const rows = await selectPushed(queries).where('image', '=', image).execute();
  for (let after: number | undefined; ;) {
    const unread = selectPushed(queries).where('image', 'is', null).limit(unreadPage);
    const page = await (after === undefined ? unread : unread.where('id', '>', after)).execute();
    rows.push(...page.filter((row) => sourceOf(row)?.image === image));
    const last = page.at(-1);
    if (last === undefined || page.length < unreadPage || !Number.isSafeInteger(last.id)) break;
    after = last.id;
  }
  return await readPushed(
    queries,
    rows.toSorted((a, b) => a.id - b.id),
  );
}

type SelectedPushedRow = Awaited<ReturnType<ReturnType<typeof selectPushed>['execute']>>[number];

export async function readPushed(
  queries: Queries,
  rows: readonly SelectedPushedRow[],
): Promise<readonly PushedEntry[]> {
  const ids = rows.map(({ id }) => id);
  const byRow = new Map<number, { platform: string; digest: string; size: number }[]>();
  for (const page of pagesOf(ids)) {
    const copies = await queries.selectFrom('pushed_platforms').selectAll().where('pushed_id', 'in', page).execute();
    for (const { pushed_id: id, platform, digest, size } of copies) {
      const known = byRow.get(id);
      if (known === undefined) byRow.set(id, [{ platform, digest, size }]);
      else known.push({ platform, digest, size });
    }
  }
  return rows.map((row) => pushedEntry(row, byRow.get(row.id)));
}

function pushedEntry(row: SelectedPushedRow, platforms: PushedEntry['platforms'] | undefined): PushedEntry {
  const name = nameOnTarget(row);
  const image = row.image ?? sourceOf(row)?.image ?? '';
  const listed = (row.platform ?? '').split(',').filter((platform) => platform.trim() !== '');
  return {
    id: row.id,
    ...(image === '' ? {} : { image }),
    name: name === undefined ? (row.registry_image_name ?? '') : printName(name),
    digest: row.digest ?? '',
    sourceDigest: row.source_digest ?? undefined,
    platforms: platforms ?? listed.map((platform) => ({ platform: platform.trim() })),
    ...(row.verified_at === null ? { unverified: true } : {}),
    pushedAt: row.push_time ?? undefined,
  };
}
