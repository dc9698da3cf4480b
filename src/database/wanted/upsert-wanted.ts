/** Writes requests for images as rows of `images_for_push`: many of them in a few statements. */
import { rowFromReference } from '../../domain/legacy-row.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { WantedRequest, WantedResult } from '../../domain/wanted-image.js';
import { DatabaseFault } from '../database-fault.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { recordEvents } from '../events.js';
import { narrowIndexNotesOf } from '../forms/examine-tables.js';
import { pagesOf } from '../insert-rows.js';
import { utcText } from '../sqlite/sqlite-parameters.js';
import { requester, uniqueRequests, imageRequestOf } from './image-request.js';
import type { ImageRequest } from './image-request.js';
import { writeConflict, mergeRequests, selectByKey } from './merge-request.js';
import { targetsColumn } from './target-selections.js';
import { highestId } from './wanted-rows.js';

/**
 * upsertWanted records requests inside a transaction. A person's request makes a pushed, blocked or withdrawn row pending
 * again. An upstream's request does not change such a row, unless it is pushed or blocked and gets more targets.
 * @returns one result for each request, in their order
 * @throws InvalidInput if an image is too long for its column, before anything is written
 */
export async function upsertWanted(
  queries: Queries,
  dialect: DialectDifferences,
  requests: readonly WantedRequest[],
): Promise<readonly WantedResult[]> {
  const imageRequests = requests.map(imageRequestOf);
  // All processes use the same order, so that they do not deadlock.
  const inOrder = uniqueRequests(imageRequests).sort((a, b) => (a.key < b.key ? -1 : 1));
  await assertIdsLeft(queries);
  const now = await dialect.now(queries);
  const results = new Map<string, WantedResult>();
  for (const page of pagesOf(inOrder)) {
    const known = new Set((await selectByKey(queries, page).execute()).map(({ image_key: key }) => key));
    const absent = page.filter(({ key }) => !known.has(key));
    await insertAll(queries, dialect, absent, now);
    const added = absent.map(
      ({ image, requestedBy }) => ({ image, to: 'pending', who: requester(requestedBy) }) as const,
    );
    await recordEvents(queries, added, { kind: 'added', at: now });
    for (const { key, image, platform } of absent) results.set(key, { image, platform, outcome: 'added' });

    const present = page.filter(({ key }) => known.has(key));
    for (const [key, result] of await mergeRequests(queries, dialect, present, now)) results.set(key, result);
  }
  return imageRequests.flatMap(({ key }) => results.get(key) ?? []);
}

/** New rows get IDs above the highest one. If another program set that too high, no new row could be read. */
async function assertIdsLeft(queries: Queries): Promise<void> {
  const { highest } = await queries
    .selectFrom('images_for_push')
    .select((is) => is.fn.max('id').as('highest'))
    .executeTakeFirstOrThrow();
  if (Number(highest ?? 0) < highestId) return;
  throw new DatabaseFault(
    `images_for_push has an ID of ${highestId} or more, so new rows would get unusable IDs: give that row a lower ID and reset the table's counter`,
    'refused',
  );
}

async function insertAll(queries: Queries, dialect: DialectDifferences, absent: readonly ImageRequest[], now: number) {
  if (absent.length === 0) return;
  const rows = absent.map((imageRequest) => newRow(imageRequest, now));
  if ((await dialect.insertAbsent(queries, 'images_for_push', rows, ['image_key'])) === rows.length) return;
  const there = new Set((await dialect.locking(selectByKey(queries, absent)).execute()).map((row) => row.image_key));
  const barred = absent.find(({ key }) => !there.has(key));
  if (barred === undefined) throw writeConflict();
  const notes = await narrowIndexNotesOf({ queries, dialect }, 'images_for_push');
  throw new DatabaseFault(
    `images_for_push accepts no row for ${barred.image} (${barred.platform}): ${notes.join('; ') || 'a unique index of another program refuses it'}`,
    'statement',
  );
}

function newRow({ request, requestedBy, isExplicit, image, platform, key, targets }: ImageRequest, now: number) {
  return {
    ...rowFromReference(request.reference),
    add_time: utcText(new Date(now)),
    platform,
    push_status: PushStatus.pending,
    ferry_status: PushStatus.pending,
    image_key: key,
    image,
    requested_by: JSON.stringify(requestedBy),
    requested_at: isExplicit ? now : null,
    targets: targetsColumn(targets),
  };
}
