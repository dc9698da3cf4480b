import type { KnownCopy } from '../../domain/copy-recipe.js';
import { outcomesOf, verdict } from '../../domain/outcome-decision.js';
import type { Verdict } from '../../domain/outcome-decision.js';
import type { ImageState, StateChange } from '../../domain/state-change.js';
import type { Target } from '../../domain/target.js';
import { CopyState, PushStatus, readPushStatus } from '../../domain/wanted-image.js';
import type {
  AdoptionCandidate,
  ClaimedRow,
  Holdings,
  ImageOutcome,
  TakenOver,
  TargetOutcome,
} from '../../domain/wanted-image.js';
import { chosenTargets } from '../../domain/wanted-targets.js';
import { findAdoptionCandidates } from '../adoption/adoption-candidates.js';
import { findClaimedRows } from '../adoption/claimed-rows.js';
import { recordTakenOver } from '../adoption/takeover-records.js';
import type { Queries } from '../dialect-differences.js';
import { recordEvents } from '../events.js';
import type { FerryDatabase } from '../ferry-database.js';
import { canonicalPlatforms, isStillItself } from '../row-shapes.js';
import { openStatesOf, stateOfRow } from '../wanted/change-status.js';
import { selectionOfRows } from '../wanted/target-selections.js';
import { perRow, writeStatus } from '../wanted/wanted-rows.js';
import { holdingsOn, readRecorded } from './holdings.js';
import { forgetVerified, readKnownCopies } from './verified-copies.js';
import { recordCopies, recordHistory } from './write-image-copies.js';
import { recordPushed } from './write-pushed-images.js';

/** Rows per transaction: few enough that other programs do not wait long. */
const rowsTogether = 100;

/** Records what is on the targets: `pushed_images`, `pushed_platforms`, `image_copies`, and the resulting status. */
export class PushedImageStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Pending rows whose platform an older script pushed to all of the image's `targets`, and that the ferry never copied,
   * after row `after` (`beforeFirstRow` for all), at most `limit`, by row; with `image` only those of one image.
   */
  async adoptionCandidates(query: {
    readonly targets: readonly Target[];
    readonly after: number;
    readonly limit: number;
    readonly image?: string;
  }): Promise<readonly AdoptionCandidate[]> {
    return await findAdoptionCandidates(this.#database.queries, query);
  }

  /** Verified copies of an image by target, which are valid as long as no digest changes. */
  async knownCopies(image: string): Promise<ReadonlyMap<string, KnownCopy>> {
    return (await readKnownCopies(this.#database.queries, [image])).get(image) ?? new Map();
  }

  /** What the rows record about an image on these targets, by the ferry or by other programs. */
  async holdings(image: string, targets: readonly Target[]): Promise<Holdings> {
    return holdingsOn(targets, (await readRecorded(this.#database.queries, [image])).get(image));
  }

  /**
   * Records the digests at the names of a candidate and makes its row pushed, unless it was withdrawn meanwhile or the image
   * has more targets now.
   */
  async recordAdoption(
    { rowId, image, platform, selection, copies }: AdoptionCandidate,
    digests: readonly { readonly target: string; readonly digest: string }[],
  ): Promise<void> {
    const found = new Map(digests.map(({ target, digest }) => [target, digest]));
    const copiesFound = copies.map(({ target, pushedId, registryImageName: reference }) => {
      const digest = found.get(target);
      if (digest === undefined) throw new TypeError(`the adoption of ${image} lacks a digest for ${target}`);
      return { target, reference, digest, pushedId };
    });
    const row = { rowId, image, platform, selection, was: PushStatus.pending, isThere: true, copies: copiesFound };
    await this.recordTakenOver([row]);
  }

  /**
   * Rows that another program marked as pushed and the ferry never verified, after row `after`, at most `limit`, by row.
   */
  async claimedRows(query: {
    readonly targets: readonly Target[];
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly ClaimedRow[]> {
    return await findClaimedRows(this.#database.queries, query);
  }

  /** Makes rows pushed that are on every target, and makes rows pending that were marked as pushed but are missing. */
  async recordTakenOver(found: readonly TakenOver[]): Promise<void> {
    const { dialect, transaction } = this.#database;
    for (let start = 0; start < found.length; start += rowsTogether) {
      const some = found.slice(start, start + rowsTogether);
      await transaction(async (inside) => await recordTakenOver(inside, dialect, some));
    }
  }

  /**
   * Writes all results of a finished `SyncImage` in one transaction. A row that was requested again after `readAt` stays
   * pending; a withdrawn one stays withdrawn. The status depends on the current targets of the image. It is idempotent
   * except for the count of attempts.
   *
   * @returns what changed: the image as a whole, and its copies
   */
  async recordOutcome(
    outcome: ImageOutcome,
    context: { readonly targets: readonly Target[]; readonly run: string; readonly readAt: number },
  ): Promise<readonly StateChange[]> {
    const { dialect, transaction } = this.#database;
    const configured = context.targets.map(({ name }) => name);
    return await transaction(async (inside) => {
      const now = await dialect.now(inside);
      const { image, sourceDigest, missingPlatforms, sourceFault } = outcome;
      const ofImage = await this.#lockRows(inside, image);
      const rows = ofImage.filter(({ id }) => outcome.rows.includes(id));
      const wanted = chosenTargets(selectionOfRows(ofImage), context.targets).map(({ name }) => name);
      const told = outcomesOf(outcome, { configured, wanted });
      const { before, standings, changes } = await recordCopies(inside, dialect, image, told, {
        sourceDigest,
        missingPlatforms,
        now,
      });
      if (ofImage.some((row) => isForcedSince(row, context.readAt))) await forgetVerified(inside, [image]);
      await recordPushed(inside, dialect, told.filter(isThere), { image, sourceDigest, now });
      const decided = verdict(standings, wanted, sourceFault);
      const answered = rows.filter((row) => isAnswered(row, context.readAt));
      const checkedAt = await this.#checkedAt(inside, context);
      const settled = await this.#settleRows(inside, answered, outcome, { decided, checkedAt });
      await recordHistory(inside, dialect, { run: context.run, outcome, told, verdict: decided, now });
      const open = openStatesOf(before);
      const all = [
        ...wholeChanges(
          image,
          settled.map((row) => stateOfRow(row, open)),
          decided,
        ),
        ...changes,
      ];
      await recordEvents(inside, all, { kind: 'outcome', at: now, run: context.run });
      return all;
    });
  }

  /** When the rows were read, but not before the start of the run: the clock may have been set back. */
  async #checkedAt(
    queries: Queries,
    { run, readAt }: { readonly run: string; readonly readAt: number },
  ): Promise<number> {
    const begun = await queries.selectFrom('runs').select('started_at').where('id', '=', run).executeTakeFirst();
    return Math.max(readAt, begun?.started_at ?? readAt);
  }

  async #lockRows(queries: Queries, image: string): Promise<readonly LockedRow[]> {
    return await this.#database.dialect
      .locking(queries.selectFrom('images_for_push'))
      .select(['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'image', 'image_key'])
      .select(['id', 'push_status', 'ferry_status', 'requested_at', 'first_missing_at', 'targets', 'force_copy'])
      .select(['checked_at', 'verified_at'])
      .where('image', '=', image)
      .execute();
  }

  /** Pushed rows stay pushed, since the targets still have the image. Blocked rows stay blocked until they are pushed. */
  async #settleRows(
    queries: Queries,
    answered: readonly LockedRow[],
    { missingPlatforms, sourceDigest, sourceFault }: ImageOutcome,
    { decided, checkedAt }: { readonly decided: Verdict; readonly checkedAt: number },
  ): Promise<readonly LockedRow[]> {
    const { status, code, reason } = decided;
    const isPushed = status === PushStatus.pushed;
    const rows = answered.filter((row) => isPushed || mayBecome(status, row));
    const isBlocked = status === PushStatus.blocked;
    // An unavailable source gives no information about the tag.
    const saysWhetherMissing = sourceFault === undefined || sourceFault.tagMissing;
    // Ignore a future time of a clock that was ahead, which would prolong the wait.
    const missingSince = (row: LockedRow) =>
      sourceFault === undefined ? null : Math.min(row.first_missing_at ?? checkedAt, checkedAt);
    await writeStatus(
      queries,
      rows.map(({ id }) => id),
      status,
      {
        checked_at: checkedAt,
        ...(sourceDigest === undefined ? {} : { source_digest: sourceDigest }),
        note: perRow(rows, (row) => noteOn(row, missingPlatforms)),
        blocked_code: isBlocked ? (code ?? 'internal') : null,
        blocked_reason: isBlocked ? (reason ?? null) : null,
        ...(isPushed ? { first_missing_at: null, force_copy: null, verified_at: checkedAt } : {}),
        ...(!isPushed && saysWhetherMissing ? { first_missing_at: perRow(rows, missingSince) } : {}),
      },
    );
    return rows;
  }
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

function mayBecome(status: PushStatus, row: LockedRow): boolean {
  const before = readPushStatus(row.push_status);
  return before === PushStatus.pending || before === status;
}

interface LockedRow {
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

function isForcedSince({ force_copy: force, requested_at: at }: LockedRow, readAt: number): boolean {
  return force !== null && at !== null && at >= readAt;
}

function isAnswered(row: LockedRow, readAt: number): boolean {
  // A row that was changed to another image is not affected by this outcome.
  if (row.push_status === PushStatus.withdrawn || !isStillItself(row)) return false;
  const isResetByOthers = row.push_status === PushStatus.pending && row.ferry_status !== PushStatus.pending;
  return !isResetByOthers && (row.requested_at === null || row.requested_at < readAt);
}

function isThere(outcome: TargetOutcome): outcome is Extract<TargetOutcome, { state: 'pushed' | 'adopted' }> {
  return outcome.state === 'pushed' || outcome.state === 'adopted';
}

function noteOn(row: LockedRow, missingPlatforms: readonly string[]): string | null {
  const missing = canonicalPlatforms(row.platform)
    .split(',')
    .filter((platform) => missingPlatforms.includes(platform));
  return missing.length === 0 ? null : `the source does not offer ${missing.join(', ')}`;
}
