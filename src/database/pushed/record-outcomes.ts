/** Writes the results of finished images in one transaction: of many in as many statements as of one. */
import { groupRows } from '../../domain/group-rows.js';
import { outcomesOf, verdict } from '../../domain/outcome-decision.js';
import type { Verdict } from '../../domain/outcome-decision.js';
import type { ImageState, StateChange } from '../../domain/state-change.js';
import type { Target } from '../../domain/target.js';
import { CopyState } from '../../domain/wanted-image.js';
import type { ImageOutcome, TargetOutcome } from '../../domain/wanted-image.js';
import { chosenTargets } from '../../domain/wanted-targets.js';
import { recordHealed } from '../audits/audit-findings.js';
import { compareTexts } from '../compare-texts.js';
import { recordEvents } from '../events.js';
import type { FerryDatabase } from '../ferry-database.js';
import { openStatesOf, stateOfRow } from '../wanted/change-status.js';
import { selectionOfRows } from '../wanted/target-selections.js';
import { isAnswered, isForcedSince, lockRows, settleRows } from './settle-rows.js';
import { forgetVerified } from './verified-copies.js';
import { recordCopies, recordHistory } from './write-image-copies.js';
import { pushedNameKey, recordPushedCopies } from './write-pushed-images.js';

/** What became of an image whose rows were read at a time, UTC ms. */
export interface OutcomeRecord {
  readonly outcome: ImageOutcome;
  readonly readAt: number;
}

export interface OutcomeContext {
  readonly targets: readonly Target[];
  readonly run: string;
}

/** Images per transaction: few enough that other writers do not wait long. */
const imagesTogether = 100;

/**
 * Divides records into those of one transaction each, by image: two workers lock rows in one order. Of two records of one
 * image, or of two images with one name on a target, the later one applies: they are in different transactions.
 */
export function transactionsOf(records: readonly OutcomeRecord[]): OutcomeRecord[][] {
  const ordered = records.toSorted((a, b) => compareTexts(a.outcome.image, b.outcome.image));
  const all: OutcomeRecord[][] = [];
  let current: OutcomeRecord[] = [];
  let taken = new Set<string>();
  for (const record of ordered) {
    const { image, targets } = record.outcome;
    const names = [image, ...targets.filter(isThere).map(({ reference }) => pushedNameKey(reference))];
    if (current.length === imagesTogether || names.some((name) => taken.has(name))) {
      all.push(current);
      current = [];
      taken = new Set();
    }
    current.push(record);
    for (const name of names) taken.add(name);
  }
  return current.length === 0 ? all : [...all, current];
}

/** @see PushedImageStore.recordOutcomes */
export async function recordTogether(
  { queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>,
  records: readonly OutcomeRecord[],
  { targets, run }: OutcomeContext,
): Promise<readonly StateChange[]> {
  const configured = targets.map(({ name }) => name);
  const images = records.map(({ outcome }) => outcome.image);
  const { rows, now, begun } = await lockRows(queries, dialect, { images, run });
  const rowsOf = groupRows(rows, ({ image }) => image);
  const all = records.map(({ outcome, readAt }) => {
    const own = rowsOf.get(outcome.image) ?? [];
    const wanted = chosenTargets(selectionOfRows(own), targets).map(({ name }) => name);
    return { outcome, readAt, own, wanted, told: outcomesOf(outcome, { configured, wanted }) };
  });
  const outcomes = all.map(({ outcome: { image, sourceDigest, missingPlatforms }, told }) => {
    return { image, outcomes: told, sourceDigest, missingPlatforms };
  });
  const copies = await recordCopies(queries, dialect, outcomes, now);
  const forced = all.filter(({ own, readAt }) => own.some((row) => isForcedSince(row, readAt)));
  await forgetVerified(
    queries,
    forced.map(({ outcome }) => outcome.image),
  );
  const there = all.flatMap(({ outcome: { image, sourceDigest }, told }) =>
    told.filter(isThere).map((copy) => ({ copy, source: { image, sourceDigest, now } })),
  );
  await recordPushedCopies(queries, dialect, there);

  const settlements = all.map(({ outcome, readAt, own, wanted, told }) => {
    const standings = copies.get(outcome.image)?.standings ?? [];
    const answered = own.filter((row) => outcome.rows.includes(row.id) && isAnswered(row, readAt));
    // When the rows were read, but not before the start of the run: the clock may have been set back.
    const checkedAt = Math.max(readAt, begun ?? readAt);
    return { outcome, told, decided: verdict(standings, wanted, outcome.sourceFault), answered, checkedAt };
  });
  const settled = await settleRows(queries, settlements);
  const entries = settlements.map(({ outcome, told, decided }) => ({ outcome, told, verdict: decided }));
  await recordHistory(queries, dialect, entries, { run, now });
  const changes = settlements.flatMap(({ outcome: { image }, decided }) => {
    const recorded = copies.get(image);
    const open = openStatesOf(recorded?.before ?? []);
    const before = (settled.get(image) ?? []).map((row) => stateOfRow(row, open));
    return [...wholeChanges(image, before, decided), ...(recorded?.changes ?? [])];
  });
  await recordEvents(queries, changes, { kind: 'outcome', at: now, run });
  await recordHealed(queries, changes, now);
  return changes;
}

/** One change for each state that rows of the image had before. */
function wholeChanges(
  image: string,
  before: readonly ImageState[],
  { state, code, reason }: Verdict,
): readonly StateChange[] {
  const to = state === CopyState.adopted ? CopyState.pushed : state;
  return [...new Set(before)].flatMap((from) => (from === to ? [] : [{ image, from, to, code, reason }]));
}

function isThere(outcome: TargetOutcome): outcome is Extract<TargetOutcome, { state: 'pushed' | 'adopted' }> {
  return outcome.state === 'pushed' || outcome.state === 'adopted';
}
