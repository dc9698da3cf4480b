/** Merges requests into existing rows. */
import { PushStatus, readPushStatus } from '../../domain/wanted-image.js';
import type { WantedResult } from '../../domain/wanted-image.js';
import { isWider, uniteTargets } from '../../domain/wanted-targets.js';
import { DatabaseFault } from '../database-fault.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { changeStatus } from './change-status.js';
import { requester } from './image-request.js';
import type { ImageRequest } from './image-request.js';
import { targetsColumn, targetSelection } from './target-selections.js';
import { askedAt, forgotten, perRow } from './wanted-rows.js';

/** Existing rows of the requests. */
export function selectByKey(queries: Queries, imageRequests: readonly ImageRequest[]) {
  const keys = imageRequests.map(({ key }) => key);
  return queries
    .selectFrom('images_for_push')
    .select(['id', 'image_key', 'push_status', 'targets'])
    .where('image_key', 'in', keys);
}

type KnownRow = Awaited<ReturnType<ReturnType<typeof selectByKey>['execute']>>[number];

/** Causes a retry of the transaction, which then sees the other one's changes. */
export function writeConflict(): DatabaseFault {
  return new DatabaseFault('another writer changed rows of the same images at the same time', 'conflict');
}

/** The effect of a request on an existing row. */
interface Renewal {
  readonly id: number;
  readonly requestedBy: string | null;
  readonly who: string;
  readonly targets: string | null;
  /** `renewed`: pending again; `asked`: still pending and requested now; absent: unchanged. */
  readonly change?: 'renewed' | 'asked';
  readonly result: WantedResult;
}

/** @returns the result of each request by key; every request must have a row */
export async function mergeRequests(
  queries: Queries,
  dialect: DialectDifferences,
  imageRequests: readonly ImageRequest[],
  now: number,
): Promise<ReadonlyMap<string, WantedResult>> {
  if (imageRequests.length === 0) return new Map();
  const rows = await dialect.locking(selectByKey(queries, imageRequests)).execute();
  const byKey = new Map(rows.map((row) => [row.image_key, row]));
  const renewals = new Map(
    imageRequests.map((imageRequest) => {
      const row = byKey.get(imageRequest.key);
      // The row was deleted between the two queries.
      if (row === undefined) throw writeConflict();
      return [imageRequest.key, renewalOf(imageRequest, row)] as const;
    }),
  );
  for (const change of ['renewed', 'asked'] as const) {
    const changed = [...renewals.values()].filter((renewal) => renewal.change === change);
    await changeStatus(
      { queries, dialect },
      changed.map(({ id }) => id),
      PushStatus.pending,
      {
        ...(change === 'renewed' ? forgotten : {}),
        requested_at: askedAt(now),
        requested_by: perRow(changed, ({ requestedBy }) => requestedBy),
        targets: perRow(changed, ({ targets }) => targets),
      },
      { kind: 'added', at: now },
      new Map(changed.map(({ id, who }) => [id, { who }])),
    );
  }
  return new Map([...renewals].map(([key, { result }]) => [key, result]));
}

function renewalOf({ requestedBy, isExplicit, image, platform, targets: asked }: ImageRequest, row: KnownRow): Renewal {
  const previous = readPushStatus(row.push_status);
  const before = targetSelection(row.targets);
  const targets = uniteTargets(before, asked);
  const goesFurther = isWider(targets, before) && (isExplicit || previous !== PushStatus.withdrawn);
  // A request of an upstream counts as requested now, too: a copy in flight to the old targets does not answer it.
  const renewal = {
    id: row.id,
    requestedBy: JSON.stringify(requestedBy),
    who: requester(requestedBy),
    targets: goesFurther ? targetsColumn(targets) : row.targets,
  };
  const result = { image, platform, previous } as const;
  if (previous !== PushStatus.pending && (isExplicit || goesFurther)) {
    return { ...renewal, change: 'renewed', result: { ...result, outcome: 'renewed' } };
  }
  // Also if it was requested before: a copy of the tag's old content may be in flight.
  const isAskedNow = previous === PushStatus.pending && (goesFurther || isExplicit);
  return {
    ...renewal,
    ...(isAskedNow ? { change: 'asked' } : {}),
    result: { ...result, outcome: 'already-pending' },
  };
}
