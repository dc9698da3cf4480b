/** Writes `image_copies` and `run_outcomes`: the state of each copy, and its outcome in each run. */
import type { FaultCode } from '../../domain/ferry-error.js';
import { groupRows } from '../../domain/group-rows.js';
import type { CopyStanding, Verdict } from '../../domain/outcome-decision.js';
import { describeContinued } from '../../domain/transfer-meter.js';
import { CopyState, isThere } from '../../domain/wanted-image.js';
import type { ImageOutcome, TargetOutcome } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import type { RecordedChange } from '../events.js';
import type { ImageCopies } from '../tables.js';
import { readBefore } from './before-rollback.js';
import { printVerified } from './verified-copies.js';

/** The outcomes of one image on its targets. */
export interface CopyOutcomes {
  readonly image: string;
  readonly outcomes: readonly TargetOutcome[];
  readonly sourceDigest?: string | undefined;
  readonly missingPlatforms: readonly string[];
}

/**
 * Writes the state of the copies of images, and counts one more attempt for each copy that has an outcome.
 *
 * @returns by image, the state of all of its copies before and now, and what changed; no other writer changes them before
 *   the transaction ends
 */
export async function recordCopies(
  queries: Queries,
  dialect: DialectDifferences,
  told: readonly CopyOutcomes[],
  now: number,
): Promise<ReadonlyMap<string, RecordedCopies>> {
  const blanks = told.flatMap(({ image, outcomes }) =>
    outcomes.map(({ target, state }) => ({ image, target, state, attempts: 0, last_tried_at: now })),
  );
  // Insert before reading: missing rows cannot be locked.
  await dialect.insertAbsent(queries, 'image_copies', blanks, ['image', 'target']);
  const images = told.map(({ image }) => image);
  const rows = await dialect
    .locking(queries.selectFrom('image_copies').selectAll())
    .where('image', 'in', images)
    .execute();
  const byImage = groupRows(rows, ({ image }) => image);
  const renewed = told.map((one) => renewedCopies(byImage.get(one.image) ?? [], one, now));
  const changed = renewed.flatMap((one) => one.changed).map((row) => ({ ...row }));
  await dialect.upsert(queries, 'image_copies', changed, ['image', 'target']);
  return new Map(renewed.map(({ image, recorded }) => [image, recorded]));
}

function renewedCopies(rows: readonly ImageCopies[], told: CopyOutcomes, now: number) {
  const outcomes = new Map(told.outcomes.map((outcome) => [outcome.target, outcome]));
  const renewed = rows.map((row) => {
    const outcome = outcomes.get(row.target);
    return outcome === undefined ? row : { ...row, ...changesOf(row, outcome, told, now) };
  });
  const changed = renewed.filter(({ target }) => outcomes.has(target));
  // Rows without an attempt were made just now.
  const before = rows.filter(({ attempts }) => attempts > 0);
  const known = new Map(before.map((row) => [row.target, row]));
  const recorded: RecordedCopies = {
    before,
    standings: renewed.map(standingOf),
    changes: changed.flatMap((row) => copyChange(known.get(row.target), row)),
  };
  return { image: told.image, changed, recorded };
}

interface RecordedCopies {
  readonly before: readonly { readonly image: string; readonly state: string }[];
  readonly standings: readonly CopyStanding[];
  readonly changes: readonly RecordedChange[];
}

/** @returns nothing where the state is the same, unless a copy was healed or rolled back */
export function copyChange(before: ImageCopies | undefined, now: ImageCopies): RecordedChange[] {
  const { image, target, state, code, reason } = now;
  const kind = before === undefined ? undefined : kindOf(before, now);
  if (before?.state === state && kind === undefined) return [];
  return [
    {
      image,
      target,
      ...(kind === undefined ? {} : { kind }),
      from: before?.state as CopyState | undefined,
      to: state as CopyState,
      code: (code ?? undefined) as FaultCode | undefined,
      reason: reason ?? undefined,
    },
  ];
}

function kindOf(before: ImageCopies, now: ImageCopies): 'rolled-back' | 'healed' | undefined {
  if (!isThere(now.state)) return undefined;
  const isMade = before.rollback_to !== null && now.rollback_to === null && now.refused_rollback === null;
  if (isMade) return 'rolled-back';
  return before.drift !== null && now.drift === null ? 'healed' : undefined;
}

function changesOf(
  before: ImageCopies,
  outcome: TargetOutcome,
  { sourceDigest, missingPlatforms }: CopyOutcomes,
  now: number,
): Partial<ImageCopies> {
  if (before.rollback_to !== null && outcome.state === 'blocked') return refusedRollback(before, outcome, now);
  return {
    state: outcome.state,
    code: 'code' in outcome ? outcome.code : null,
    reason: reasonOf(outcome),
    attempts: before.attempts + 1,
    last_tried_at: now,
    refused_rollback: null,
    // It is there now, whatever it was when a rollback was requested.
    ...(isThere(outcome.state) ? { before_rollback: null } : {}),
    ...(outcome.reference === undefined ? {} : { reference: outcome.reference }),
    ...('digest' in outcome ? { digest: outcome.digest, source_digest: sourceDigest ?? null, verified: null } : {}),
    ...(outcome.state === CopyState.pushed
      ? { ...pushedColumns(outcome, missingPlatforms, now), drift: null, ...holdOf(before, outcome, now) }
      : {}),
  };
}

/** A tag that a rollback has put back is held from now on. */
function holdOf(
  { rollback_to: to, digest: before }: ImageCopies,
  { digest }: { readonly digest: string },
  now: number,
): Partial<ImageCopies> {
  if (to === null || digest !== to) return {};
  const moved = before === null || before === digest ? '' : `, from ${before}`;
  const reason = `rolled back to ${digest}${moved}; it stays there until "ferry release"`;
  return { rollback_to: null, held_digest: digest, held_at: now, reason };
}

/** No registry has what the tag was to be put back to: the copy is again what it was, with the reason. */
function refusedRollback(
  before: ImageCopies,
  { code, reason }: { readonly code: FaultCode; readonly reason: string },
  now: number,
): Partial<ImageCopies> {
  const { state } = readBefore(before.before_rollback) ?? { state: CopyState.pushed };
  return {
    state,
    code,
    reason,
    attempts: before.attempts + 1,
    last_tried_at: now,
    rollback_to: null,
    before_rollback: null,
    refused_rollback: before.rollback_to,
  };
}

/** Why the copy is missing, or a note about an existing copy. */
function reasonOf(outcome: TargetOutcome): string | null {
  if ('reason' in outcome) return outcome.reason;
  const { unread, continued = [] }: Partial<Extract<TargetOutcome, { state: 'pushed' }>> =
    outcome.state === 'pushed' ? outcome : {};
  const known = [
    outcome.note,
    unread === undefined ? undefined : `verified only by the response to PUT: ${unread}`,
    ...continued.map(describeContinued),
  ];
  return known.filter((one) => one !== undefined).join('; ') || null;
}

function pushedColumns(
  outcome: Extract<TargetOutcome, { state: 'pushed' }>,
  missingPlatforms: readonly string[],
  now: number,
) {
  return {
    last_pushed_at: now,
    replaced: outcome.replaced ?? null,
    backup: outcome.backup ?? null,
    dropped: outcome.dropped.length === 0 ? null : JSON.stringify(outcome.dropped),
    verified: printVerified(outcome, missingPlatforms),
  };
}

function standingOf({ target, state, code, reason }: ImageCopies): CopyStanding {
  return {
    target,
    state: state as CopyState,
    code: (code ?? undefined) as NonNullable<CopyStanding['code']> | undefined,
    reason: reason ?? undefined,
  };
}

/** Records the outcomes of images in a run; the last record of an image applies. */
export async function recordHistory(
  queries: Queries,
  dialect: DialectDifferences,
  entries: readonly HistoryEntry[],
  { run, now }: { readonly run: string; readonly now: number },
): Promise<void> {
  const rows = entries.flatMap((entry) => historyRows(entry, { run, now }));
  await dialect.upsert(queries, 'run_outcomes', rows, ['run', 'image', 'target']);
}

function historyRows(
  { outcome, told, verdict }: HistoryEntry,
  { run, now }: { readonly run: string; readonly now: number },
) {
  const blank = { run, image: outcome.image, source_digest: outcome.sourceDigest ?? null, recorded_at: now };
  const whole = {
    ...blank,
    target: '',
    state: verdict.state,
    code: verdict.code ?? null,
    reason: verdict.reason ?? null,
    reference: null,
    digest: null,
    replaced: null,
    backup: null,
    bytes_read: outcome.bytesRead,
    bytes_sent: 0,
  };
  const copies = told.map((copy) => ({
    ...blank,
    target: copy.target,
    state: copy.state,
    code: 'code' in copy ? copy.code : null,
    reason: reasonOf(copy),
    reference: copy.reference ?? null,
    digest: 'digest' in copy ? copy.digest : null,
    replaced: 'replaced' in copy ? (copy.replaced ?? null) : null,
    backup: 'backup' in copy ? (copy.backup ?? null) : null,
    bytes_read: 0,
    bytes_sent: 'bytesSent' in copy ? copy.bytesSent : 0,
  }));
  return [whole, ...copies];
}

export interface HistoryEntry {
  readonly outcome: ImageOutcome;
  readonly told: readonly TargetOutcome[];
  readonly verdict: Verdict;
}
