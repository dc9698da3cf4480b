/** Writes what the outcomes of images mean for their rows of `images_for_push`. */
import { groupRows } from '../../domain/group-rows.js';
import type { Verdict } from '../../domain/outcome-decision.js';
import { PushStatus, readPushStatus } from '../../domain/wanted-image.js';
import type { ImageOutcome } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { pagesOf } from '../insert-rows.js';
import { canonicalPlatforms, isStillItself } from '../row-shapes.js';
import { perRow, writeStatus } from '../wanted/wanted-rows.js';

export interface LockedRow {
  readonly id: number;
  readonly source_registry_url: string | null;
  readonly orig_name_space: string | null;
  readonly orig_image_name: string | null;
  readonly image: string | null;
  readonly image_key: string | null;
  readonly platform: string | null;
  readonly push_status: number | null;
  readonly ferry_status: number | null;
  readonly requested_at: number | null;
  readonly first_missing_at: number | null;
  readonly targets: string | null;
  readonly force_copy: number | null;
  readonly checked_at: number | null;
  readonly verified_at: number | null;
}

export interface LockedRows {
  readonly rows: readonly LockedRow[];
  /** UTC ms by the database's clock. */
  readonly now: number;
  /** When the run started; undefined if it is unknown. */
  readonly begun: number | undefined;
}

/** Reads all rows of images and locks them; with the time and the start of the run, in one statement. */
export async function lockRows(
  queries: Queries,
  dialect: DialectDifferences,
  { images, run }: { readonly images: readonly string[]; readonly run: string },
): Promise<LockedRows> {
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push'))
    .select(['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'image', 'image_key'])
    .select(['id', 'push_status', 'ferry_status', 'requested_at', 'first_missing_at', 'targets', 'force_copy'])
    .select(['checked_at', 'verified_at', dialect.clock().as('now')])
    .select((is) => is.selectFrom('runs').select('started_at').where('runs.id', '=', run).as('begun'))
    .where('image', 'in', [...images])
    .execute();
  const [first] = rows;
  if (first === undefined) return { rows, now: await dialect.now(queries), begun: undefined };
  return { rows, now: Number(first.now), begun: first.begun ?? undefined };
}

/** What becomes of rows of one image. */
export interface Settlement {
  readonly outcome: ImageOutcome;
  readonly decided: Verdict;
  readonly checkedAt: number;
  readonly answered: readonly LockedRow[];
}

interface SettledRow extends LockedRow {
  readonly by: Settlement;
}

/**
 * Writes the rows of many images in a few statements: two for each status with the same columns. Pushed rows stay pushed,
 * since the targets still have the image. Blocked rows stay blocked until they are pushed.
 *
 * @returns the rows that were written, as they were before, by image
 */
export async function settleRows(
  queries: Queries,
  settlements: readonly Settlement[],
): Promise<ReadonlyMap<string, readonly LockedRow[]>> {
  const settled = settlements.flatMap((by) => {
    const { status } = by.decided;
    const rows = by.answered.filter((row) => status === PushStatus.pushed || mayBecome(status, row));
    return rows.map((row): SettledRow => ({ ...row, by }));
  });
  for (const alike of groupRows(settled, ({ by }) => columnsKey(by)).values()) {
    for (const page of pagesOf(alike)) await writeAlike(queries, page);
  }
  return groupRows(settled, ({ by }) => by.outcome.image);
}

/** The same for rows that are written by one statement. */
function columnsKey({ outcome, decided }: Settlement): string {
  return [decided.status, outcome.sourceDigest !== undefined, saysWhetherMissing(outcome)].join();
}

async function writeAlike(queries: Queries, rows: readonly SettledRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const { outcome, decided } = first.by;
  const isPushed = decided.status === PushStatus.pushed;
  const isBlocked = decided.status === PushStatus.blocked;
  const checkedAt = perRow(rows, ({ by }) => by.checkedAt);
  const sourceDigest = perRow(rows, ({ by }) => by.outcome.sourceDigest ?? null);
  await writeStatus(
    queries,
    rows.map(({ id }) => id),
    decided.status,
    {
      checked_at: checkedAt,
      ...(outcome.sourceDigest === undefined ? {} : { source_digest: sourceDigest }),
      note: perRow(rows, (row) => noteOn(row, row.by.outcome.missingPlatforms)),
      blocked_code: isBlocked ? perRow(rows, ({ by }) => by.decided.code ?? 'internal') : null,
      blocked_reason: isBlocked ? perRow(rows, ({ by }) => by.decided.reason ?? null) : null,
      ...(isPushed ? { first_missing_at: null, force_copy: null, verified_at: checkedAt } : {}),
      ...(!isPushed && saysWhetherMissing(outcome) ? { first_missing_at: perRow(rows, missingSince) } : {}),
    },
  );
}

/** An unavailable source gives no information about the tag. */
function saysWhetherMissing({ sourceFault }: ImageOutcome): boolean {
  return sourceFault === undefined || sourceFault.tagMissing;
}

/** Ignores a future time of a clock that was ahead, which would prolong the wait. */
function missingSince({ first_missing_at: since, by: { outcome, checkedAt } }: SettledRow): number | null {
  return outcome.sourceFault === undefined ? null : Math.min(since ?? checkedAt, checkedAt);
}

function mayBecome(status: PushStatus, row: LockedRow): boolean {
  const before = readPushStatus(row.push_status);
  return before === PushStatus.pending || before === status;
}

export function isForcedSince({ force_copy: force, requested_at: at }: LockedRow, readAt: number): boolean {
  return force !== null && at !== null && at >= readAt;
}

export function isAnswered(row: LockedRow, readAt: number): boolean {
  // A row that was changed to another image is not affected by this outcome.
  if (row.push_status === PushStatus.withdrawn || !isStillItself(row)) return false;
  const isResetByOthers = row.push_status === PushStatus.pending && row.ferry_status !== PushStatus.pending;
  return !isResetByOthers && (row.requested_at === null || row.requested_at < readAt);
}

function noteOn(row: LockedRow, missingPlatforms: readonly string[]): string | null {
  const missing = canonicalPlatforms(row.platform)
    .split(',')
    .filter((platform) => missingPlatforms.includes(platform));
  return missing.length === 0 ? null : `the source does not offer ${missing.join(', ')}`;
}
