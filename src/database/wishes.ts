/** Wishes for images, written as rows of `images_for_push`: many of them in a few statements. */
import { imageKey } from '../domain/image-key.js';
import { rowFromReference } from '../domain/legacy-row.js';
import { PushStatus, readPushStatus, recordableImage } from '../domain/wanted-image.js';
import type { RequestedBy, WantedRequest, WantedResult } from '../domain/wanted-image.js';
import { isWider, uniteTargets } from '../domain/wanted-targets.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { DatabaseFault } from './database-fault.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { pagesOf } from './insert-rows.js';
import { canonicalPlatforms } from './row-shapes.js';
import { utcText } from './sqlite-parameters.js';
import { targetsColumn, targetSelection } from './target-selections.js';
import { askedAt, forgotten, highestId, perRow, setStatus } from './wanted-rows.js';

/**
 * Records wishes inside a transaction. A person's wish makes a pushed, parked or withdrawn row pending again; what an
 * upstream finds leaves such a row as it is, unless it is pushed or parked and now goes to more targets.
 * @returns one result for each request, in their order
 * @throws InvalidInput for an image that is too long to be recorded, before anything is written
 */
export async function recordWishes(
  queries: Queries,
  dialect: DialectDifferences,
  requests: readonly WantedRequest[],
): Promise<readonly WantedResult[]> {
  const wishes = requests.map(wishOf);
  // In one order for all processes, so that two of them do not wait for each other.
  const inOrder = eachOnce(wishes).sort((a, b) => (a.key < b.key ? -1 : 1));
  await assertIdsLeft(queries);
  const now = await dialect.now(queries);
  const results = new Map<string, WantedResult>();
  for (const page of pagesOf(inOrder)) {
    const known = new Set((await selectByKey(queries, page).execute()).map(({ image_key: key }) => key));
    const absent = page.filter(({ key }) => !known.has(key));
    await insertAll(queries, dialect, absent, now);
    for (const { key, image, platform } of absent) results.set(key, { image, platform, outcome: 'added' });

    const present = page.filter(({ key }) => known.has(key));
    for (const [key, result] of await renewAll(queries, dialect, present, now)) results.set(key, result);
  }
  return wishes.flatMap(({ key }) => results.get(key) ?? []);
}

/** New rows go on from the highest id: one that another program set too high would make them all unreadable. */
async function assertIdsLeft(queries: Queries): Promise<void> {
  const { highest } = await queries
    .selectFrom('images_for_push')
    .select((is) => is.fn.max('id').as('highest'))
    .executeTakeFirstOrThrow();
  if (Number(highest ?? 0) < highestId) return;
  throw new DatabaseFault(
    `images_for_push has an id of ${highestId} or more, and new rows would go on from there: give that row a lower one and set the table's counter back`,
    'refused',
  );
}

interface Wish {
  readonly request: WantedRequest;
  readonly requestedBy: RequestedBy;
  readonly isExplicit: boolean;
  readonly image: string;
  readonly platform: string;
  readonly key: string;
  readonly targets: TargetSelection;
}

function wishOf(request: WantedRequest): Wish {
  const { requestedBy } = request;
  const image = recordableImage(request.reference);
  const platform = canonicalPlatforms(request.platform);
  // What an upstream announces is nobody's command: what a person withdrew or has to look at stays so.
  const isExplicit = requestedBy.by !== 'upstream' && requestedBy.by !== 'row';
  const targets = uniteTargets(request.targets ?? 'all', []);
  return { request, requestedBy, isExplicit, image, platform, key: imageKey(image, platform), targets };
}

/** The same wish made several times goes where any of them says. */
function eachOnce(wishes: readonly Wish[]): Wish[] {
  const byKey = new Map<string, Wish>();
  for (const wish of wishes) {
    const targets = uniteTargets(byKey.get(wish.key)?.targets ?? [], wish.targets);
    byKey.set(wish.key, { ...wish, targets });
  }
  return [...byKey.values()];
}

function selectByKey(queries: Queries, wishes: readonly Wish[]) {
  const keys = wishes.map(({ key }) => key);
  return queries
    .selectFrom('images_for_push')
    .select(['id', 'image_key', 'push_status', 'requested_at', 'requested_by', 'checked_at', 'targets'])
    .where('image_key', 'in', keys);
}

type KnownRow = Awaited<ReturnType<ReturnType<typeof selectByKey>['execute']>>[number];

async function insertAll(queries: Queries, dialect: DialectDifferences, absent: readonly Wish[], now: number) {
  if (absent.length === 0) return;
  const rows = absent.map((wish) => newRow(wish, now));
  if ((await dialect.insertAbsent(queries, 'images_for_push', rows, ['image_key'])) === rows.length) return;
  const there = new Set((await dialect.locking(selectByKey(queries, absent)).execute()).map((row) => row.image_key));
  const barred = absent.find(({ key }) => !there.has(key));
  if (barred === undefined) throw overtaken();
  throw new DatabaseFault(
    `images_for_push accepts no row for ${barred.image} (${barred.platform}): a unique index that is not the ferry's stands against it`,
    'statement',
  );
}

/** Repeated from its beginning, the transaction sees what the other one did. */
function overtaken(): DatabaseFault {
  return new DatabaseFault('somebody else wrote rows of the same images at the same instant', 'conflict');
}

function newRow({ request, requestedBy, isExplicit, image, platform, key, targets }: Wish, now: number) {
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

/** What a wish means for a row that is there. */
interface Renewal {
  readonly id: number;
  readonly requestedBy: string | null;
  readonly targets: string | null;
  /** `renewed`: pending again; `asked`: still pending, and asked for now; absent: as it was. */
  readonly change?: 'renewed' | 'asked';
  readonly result: WantedResult;
}

async function renewAll(
  queries: Queries,
  dialect: DialectDifferences,
  wishes: readonly Wish[],
  now: number,
): Promise<ReadonlyMap<string, WantedResult>> {
  if (wishes.length === 0) return new Map();
  const rows = await dialect.locking(selectByKey(queries, wishes)).execute();
  const byKey = new Map(rows.map((row) => [row.image_key, row]));
  const renewals = new Map(
    wishes.map((wish) => {
      const row = byKey.get(wish.key);
      // Deleted between the two looks.
      if (row === undefined) throw overtaken();
      return [wish.key, renewalOf(wish, row)] as const;
    }),
  );
  for (const change of ['renewed', 'asked'] as const) {
    const changed = [...renewals.values()].filter((renewal) => renewal.change === change);
    await setStatus(
      queries,
      changed.map(({ id }) => id),
      PushStatus.pending,
      {
        ...(change === 'renewed' ? forgotten : {}),
        requested_at: askedAt(now),
        requested_by: perRow(changed, ({ requestedBy }) => requestedBy),
        targets: perRow(changed, ({ targets }) => targets),
      },
    );
  }
  return new Map([...renewals].map(([key, { result }]) => [key, result]));
}

function renewalOf({ requestedBy, isExplicit, image, platform, targets: asked }: Wish, row: KnownRow): Renewal {
  const previous = readPushStatus(row.push_status);
  const before = targetSelection(row.targets);
  const targets = uniteTargets(before, asked);
  const goesFurther = isWider(targets, before) && (isExplicit || previous !== PushStatus.withdrawn);
  // Asked for now also where only an upstream asks: a copy under way to the targets of before is not the answer.
  const renewal = {
    id: row.id,
    requestedBy: JSON.stringify(requestedBy),
    targets: goesFurther ? targetsColumn(targets) : row.targets,
  };
  const result = { image, platform, previous } as const;
  if (previous !== PushStatus.pending && (isExplicit || goesFurther)) {
    return { ...renewal, change: 'renewed', result: { ...result, outcome: 'renewed' } };
  }
  const isAskedAlready = row.requested_at !== null && row.requested_at >= (row.checked_at ?? 0);
  const isAskedNow = previous === PushStatus.pending && (goesFurther || (isExplicit && !isAskedAlready));
  return {
    ...renewal,
    ...(isAskedNow ? { change: 'asked' } : {}),
    result: { ...result, outcome: 'already-pending' },
  };
}
