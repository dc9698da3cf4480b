/** Writes the results of checking rows of other programs on the targets, many rows at a time. */
import type { StateChange } from '../../domain/state-change.js';
import { CopyState, PushStatus } from '../../domain/wanted-image.js';
import type { TakenOver } from '../../domain/wanted-image.js';
import { isWider } from '../../domain/wanted-targets.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { recordEvents } from '../events.js';
import { copyChange } from '../pushed/write-image-copies.js';
import { keepingPushTime, recordPushedCopies } from '../pushed/write-pushed-images.js';
import { isStillItself, nameKey } from '../row-shapes.js';
import type { ImageCopies } from '../tables.js';
import { changeStatus } from '../wanted/change-status.js';
import { forgetIdentity } from '../wanted/forget-identity.js';
import { readSelections } from '../wanted/target-selections.js';
import { forgotten, perRow } from '../wanted/wanted-rows.js';
import { idsOf } from './naming-rows.js';

/**
 * Records in one transaction. A row that was changed meanwhile, or whose image has more targets now, is left for the next
 * check.
 */
export async function recordTakenOver(
  queries: Queries,
  dialect: DialectDifferences,
  found: readonly TakenOver[],
): Promise<void> {
  if (found.length === 0) return;
  const now = await dialect.now(queries);
  const ids = found.map(({ rowId }) => rowId);
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push'))
    .select(['id', 'push_status', 'image', 'image_key', 'force_copy'])
    .select(['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'])
    .where('id', 'in', ids)
    .execute();
  // Another program may have changed the image of a row since it was normalized: what was found is not that image.
  const changed = rows.filter((row) => row.image !== null && !isStillItself(row));
  await forgetIdentity(queries, idsOf(changed));
  const before = new Map(rows.filter((row) => !changed.includes(row)).map((row) => [row.id, row]));
  const selections = await readSelections(queries, [...new Set(found.map(({ image }) => image))]);
  const valid = found.filter(({ rowId, image, was, selection }) => {
    const row = before.get(rowId);
    if (row?.image !== image || row.push_status !== was) return false;
    // A retry that was requested meanwhile copies the image again, whatever was found.
    const isForced = was === PushStatus.pending && row.force_copy !== null;
    return !isForced && !isWider(selections.get(image) ?? 'all', selection);
  });
  const copies = await recordCopiesFound(queries, dialect, valid, now);
  await recordNames(queries, dialect, valid, now);
  const there = valid.filter(({ isThere }) => isThere);
  const missing = valid.filter(({ isThere, was }) => !isThere && was === PushStatus.pushed);
  const within = { queries, dialect };
  const cause = { kind: 'adopted', at: now } as const;
  const onTargets = {
    ...forgotten,
    note: perRow(
      there.map((one) => ({ ...one, id: one.rowId })),
      ({ note }) => note ?? null,
    ),
    checked_at: now,
    verified_at: now,
  };
  await changeStatus(within, rowIdsOf(there), PushStatus.pushed, onTargets, cause);
  const notThere = { ...forgotten, checked_at: null, requested_at: null, verified_at: null };
  await changeStatus(within, rowIdsOf(missing), PushStatus.pending, notThere, cause);
  // An image that is there as a whole has one event: it is on every target that it goes to.
  const whole = new Set(there.map(({ image }) => image));
  const single = copies.filter(({ image, from }) => from !== undefined || !whole.has(image));
  await recordEvents(queries, single, cause);
}

async function recordCopiesFound(
  queries: Queries,
  dialect: DialectDifferences,
  found: readonly TakenOver[],
  now: number,
): Promise<readonly StateChange[]> {
  const images = [...new Set(found.map(({ image }) => image))];
  if (images.length === 0) return [];
  const known = await dialect
    .locking(queries.selectFrom('image_copies').selectAll())
    .where('image', 'in', images)
    .execute();
  const before = new Map(known.map((row) => [keyOf(row.image, row.target), row]));
  const changed = new Map<string, ImageCopies>();
  for (const { image, copies } of found) {
    for (const { target, reference, digest, note } of copies) {
      const key = keyOf(image, target);
      const row = before.get(key);
      if (digest !== undefined)
        changed.set(key, { ...foundCopy(row, digest, now), image, target, reference, reason: note ?? null });
      // Another row of the image may have found its own platform there.
      else if (row !== undefined && !changed.has(key)) changed.set(key, goneCopy(row, now));
    }
  }
  await dialect.upsert(
    queries,
    'image_copies',
    [...changed.values()].map((row) => ({ ...row })),
    ['image', 'target'],
  );
  return [...changed].flatMap(([key, row]) => copyChange(before.get(key), row));
}

type CopyFound = Omit<ImageCopies, 'image' | 'target' | 'reference' | 'reason'>;

/** A copy that the ferry pushed and that the tag still points to keeps its recorded state. */
function foundCopy(before: ImageCopies | undefined, digest: string, now: number): CopyFound {
  const attempts = (before?.attempts ?? 0) + 1;
  if (before?.state === CopyState.pushed && before.digest === digest) {
    return { ...before, attempts, last_tried_at: now, code: null, drift: null, refused_rollback: null };
  }
  return {
    state: CopyState.adopted,
    code: null,
    digest,
    source_digest: null,
    attempts,
    last_tried_at: now,
    last_pushed_at: before?.last_pushed_at ?? null,
    replaced: before?.replaced ?? null,
    backup: before?.backup ?? null,
    dropped: null,
    verified: null,
    drift: null,
    rollback_to: before?.rollback_to ?? null,
    before_rollback: null,
    refused_rollback: null,
    held_digest: before?.held_digest ?? null,
    held_at: before?.held_at ?? null,
    held_by: before?.held_by ?? null,
  };
}

function goneCopy(before: ImageCopies, now: number): ImageCopies {
  return {
    ...before,
    state: CopyState.waiting,
    code: 'tag-missing',
    reason: 'it was marked as pushed, but the target does not have it: it will be copied',
    last_tried_at: now,
    digest: null,
    verified: null,
    before_rollback: null,
    refused_rollback: null,
  };
}

async function recordNames(
  queries: Queries,
  dialect: DialectDifferences,
  found: readonly TakenOver[],
  now: number,
): Promise<void> {
  const names = new Map<number, { readonly id: number; readonly digest: string }>();
  const byKey = new Map<string, FoundName>();
  for (const { image, platform, copies } of found) {
    for (const { pushedId: id, target, reference, digest } of copies) {
      if (digest === undefined) continue;
      if (id !== undefined) names.set(id, { id, digest });
      // No row had the name when the image was looked for. Rows for several platforms share it.
      else byKey.set(nameKey(reference), { image, platform, target, reference, digest });
    }
  }
  const known = await idsByKey(queries, [...byKey.keys()]);
  for (const [key, { digest }] of byKey) {
    const id = known.get(key);
    if (id !== undefined) names.set(id, { id, digest });
  }
  await insertNames(queries, dialect, new Map([...byKey].filter(([key]) => !known.has(key))), now);
  const rows = [...names.values()];
  if (rows.length === 0) return;
  await keepingPushTime(queries, { digest: perRow(rows, ({ digest }) => digest), verified_at: now })
    .where('id', 'in', [...names.keys()])
    .execute();
}

/** Inserts rows for names under which images were found. */
async function insertNames(
  queries: Queries,
  dialect: DialectDifferences,
  byKey: ReadonlyMap<string, FoundName>,
  now: number,
): Promise<void> {
  if (byKey.size === 0) return;
  const copies = [...byKey.values()].map(({ image, target, reference, digest }) => ({
    copy: { target, state: 'adopted', reference, digest } as const,
    source: { image, sourceDigest: undefined, now },
  }));
  await recordPushedCopies(queries, dialect, copies);
  const ids = await idsByKey(queries, [...byKey.keys()]);
  const rows = [...ids].map(([key, id]) => ({ id, platform: byKey.get(key)?.platform ?? null }));
  await keepingPushTime(queries, { platform: perRow(rows, ({ platform }) => platform) })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
}

async function idsByKey(queries: Queries, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await queries
    .selectFrom('pushed_images')
    .select(['id', 'name_key'])
    .where('name_key', 'in', [...keys])
    .execute();
  return new Map(rows.map(({ id, name_key: key }) => [key ?? '', id]));
}

interface FoundName {
  readonly image: string;
  readonly platform: string;
  readonly target: string;
  readonly reference: string;
  readonly digest: string;
}

function keyOf(image: string, target: string): string {
  return `${target} ${image}`;
}

function rowIdsOf(found: readonly TakenOver[]): number[] {
  return found.map(({ rowId }) => rowId);
}
