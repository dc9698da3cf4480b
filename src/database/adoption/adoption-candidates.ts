import { InvalidInput } from '../../domain/ferry-error.js';
import type { Target } from '../../domain/target.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { AdoptionCandidate } from '../../domain/wanted-image.js';
import { chosenTargets } from '../../domain/wanted-targets.js';
import type { Queries } from '../dialect-differences.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import type { NameOnTarget } from '../name-on-target.js';
import { canonicalPlatforms } from '../row-shapes.js';
import { readSelections } from '../wanted/target-selections.js';
import { highestId, statusBesideImage } from '../wanted/wanted-rows.js';

/** Rows per query: their images are parameters of the next query. */
const pageSize = 500;

interface Query {
  readonly targets: readonly Target[];
  readonly after: number;
  readonly limit: number;
  readonly image?: string;
}

/** @see PushedImageStore.adoptionCandidates */
export async function findAdoptionCandidates(
  queries: Queries,
  { targets, after, limit, image: only }: Query,
): Promise<readonly AdoptionCandidate[]> {
  const found: AdoptionCandidate[] = [];
  if (targets.length === 0) return found;
  for (let last = after; ;) {
    const rows = await pendingRows(queries, last, only);
    found.push(...(await candidatesAmong(queries, rows, targets)));
    if (found.length >= limit) return found.slice(0, limit);
    last = rows.at(-1)?.id ?? last;
    if (rows.length < pageSize) return found;
  }
}

/** A pending row that the ferry itself never copied. */
export interface UncopiedRow {
  readonly id: number;
  readonly image: string;
  readonly platform: string | null;
}

/** Filters at most 500 rows: those that an older script pushed to all of their targets. */
export async function candidatesAmong(
  queries: Queries,
  rows: readonly UncopiedRow[],
  targets: readonly Target[],
): Promise<readonly AdoptionCandidate[]> {
  if (rows.length === 0) return [];
  const images = [...new Set(rows.map(({ image }) => image))];
  const selections = await readSelections(queries, images);
  const pushed = await pushedRows(queries, images);
  return rows.flatMap(({ id, image, platform }) => {
    const candidates = pushed.get(image) ?? [];
    const wanted = canonicalPlatforms(platform).split(',');
    const selection = selections.get(image) ?? 'all';
    const goals = chosenTargets(selection, targets);
    const copies = goals.flatMap((target) => copyOn(target, targets, candidates, wanted) ?? []);
    if (goals.length === 0 || copies.length < goals.length) return [];
    return [{ rowId: id, image, platform: wanted.join(','), selection, copies }];
  });
}

async function pendingRows(queries: Queries, after: number, only: string | undefined): Promise<readonly UncopiedRow[]> {
  const all = queries.selectFrom('images_for_push');
  const pending =
    only === undefined
      ? all.where('push_status', '=', PushStatus.pending)
      : all.where('image', '=', only).where(statusBesideImage, '=', PushStatus.pending);
  const rows = await pending
    .select(['id', 'image', 'platform'])
    // '' means "no image" in pushed rows of older scripts and must not match.
    .where('image', '<>', '')
    .where('force_copy', 'is', null)
    .where('id', '>', after)
    .where('id', '<=', highestId)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom('image_copies')
            .select('image_copies.target')
            .whereRef('image_copies.image', '=', 'images_for_push.image')
            // What an audit found broken is copied again, not adopted again.
            .where((copy) => copy.or([copy('last_pushed_at', 'is not', null), copy('drift', 'is not', null)])),
        ),
      ),
    )
    .orderBy('id')
    .limit(pageSize)
    .execute();
  return rows.map(({ id, image, platform }) => ({ id, image: image ?? '', platform }));
}

export interface PushedRow {
  readonly id: number;
  readonly name: NameOnTarget;
  readonly platforms: readonly string[];
  /** As the script wrote it. */
  readonly digest: string | null;
}

/** The pushes of these images by older scripts, the oldest first. */
export async function pushedRows(queries: Queries, images: readonly string[]): Promise<Map<string, PushedRow[]>> {
  const byImage = new Map<string, PushedRow[]>();
  if (images.length === 0) return byImage;
  const rows = await queries
    .selectFrom('pushed_images')
    .select(['id', 'image', 'platform', 'digest', 'target_registry_url', 'registry_image_name'])
    .where('image', 'in', [...images])
    // Excludes rows of the ferry itself and failed pushes.
    .where('source_digest', 'is', null)
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '=', 1)]))
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const name = nameOnTarget(row);
    const platforms = readPlatforms(row.platform);
    if (row.image === null || name === undefined || platforms === undefined) continue;
    byImage.set(row.image, [...(byImage.get(row.image) ?? []), { id: row.id, name, platforms, digest: row.digest }]);
  }
  return byImage;
}

/** The newest name on a target under which an older script pushed an image for the wanted platforms. */
export function copyOn(
  target: Target,
  targets: readonly Target[],
  candidates: readonly PushedRow[],
  wanted: readonly string[],
): AdoptionCandidate['copies'][number] | undefined {
  const isShared = targets.filter(({ registry }) => registry === target.registry).length > 1;
  const copies = candidates.filter(({ name, platforms }) => {
    // Two targets on one registry are distinguished by their namespaces.
    const isOfTarget = !isShared || name.repository.startsWith(target.namespace === '' ? '' : `${target.namespace}/`);
    return name.host === target.registry && isOfTarget && wanted.every((platform) => platforms.includes(platform));
  });
  // The newest row: if a name changed, the older one may have been deleted.
  const copy = copies.at(-1);
  if (copy === undefined) return undefined;
  return { target: target.name, pushedId: copy.id, registryImageName: printName(copy.name) };
}

function readPlatforms(column: string | null): readonly string[] | undefined {
  try {
    return canonicalPlatforms(column).split(',');
  } catch (error) {
    // Other programs may have written anything: then there is nothing to adopt.
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
