import type { KnownCopy } from '../../domain/copy-recipe.js';
import type { StateChange } from '../../domain/state-change.js';
import type { Target } from '../../domain/target.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { AdoptionCandidate, ClaimedRow, Holdings, ImageOutcome, TakenOver } from '../../domain/wanted-image.js';
import { findAdoptionCandidates } from '../adoption/adoption-candidates.js';
import { findClaimedRows } from '../adoption/claimed-rows.js';
import { recordTakenOver } from '../adoption/takeover-records.js';
import type { FerryDatabase } from '../ferry-database.js';
import { holdingsOn, readRecorded } from './holdings.js';
import { recordTogether, transactionsOf } from './record-outcomes.js';
import type { OutcomeContext, OutcomeRecord } from './record-outcomes.js';
import { readKnownCopies } from './verified-copies.js';

/** Rows per transaction: few enough that other programs do not wait long. */
const rowsTogether = 100;

/** Records what is on the targets: `pushed_images`, `pushed_platforms`, `image_copies`, and the resulting status. */
export class PushedImageStore {
  readonly #database: FerryDatabase;
  readonly #onRecorded: (outcomes: readonly ImageOutcome[]) => void;

  /** @param onRecorded called for the outcomes of each committed transaction */
  constructor(database: FerryDatabase, onRecorded: (outcomes: readonly ImageOutcome[]) => void = () => {}) {
    this.#database = database;
    this.#onRecorded = onRecorded;
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
    candidate: AdoptionCandidate,
    digests: readonly { readonly target: string; readonly digest: string }[],
  ): Promise<void> {
    await this.recordTakenOver([adoptedRow(candidate, digests)]);
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
   * Writes all results of a finished image in one transaction. A row that was requested again after `readAt` stays
   * pending; a withdrawn one stays withdrawn. The status depends on the current targets of the image. It is idempotent
   * except for the count of attempts.
   *
   * @returns what changed: the image as a whole, and its copies
   */
  async recordOutcome(
    outcome: ImageOutcome,
    { targets, run, readAt }: OutcomeContext & { readonly readAt: number },
  ): Promise<readonly StateChange[]> {
    return await this.recordOutcomes([{ outcome, readAt }], { targets, run });
  }

  /**
   * The same for many images, some of them in each transaction. If one fails, those before it are recorded.
   *
   * @returns what changed, by image
   */
  async recordOutcomes(records: readonly OutcomeRecord[], context: OutcomeContext): Promise<readonly StateChange[]> {
    const { dialect, transaction } = this.#database;
    const changes: StateChange[] = [];
    for (const some of transactionsOf(records)) {
      const together = await transaction((queries) => recordTogether({ queries, dialect }, some, context));
      this.#onRecorded(some.map(({ outcome }) => outcome));
      changes.push(...together);
    }
    return changes;
  }
}

/** What the digests that were found at the names of a candidate mean for its row. */
export function adoptedRow(
  { rowId, image, platform, selection, copies }: AdoptionCandidate,
  digests: readonly { readonly target: string; readonly digest: string }[],
): TakenOver {
  const found = new Map(digests.map(({ target, digest }) => [target, digest]));
  const copiesFound = copies.map(({ target, pushedId, registryImageName: reference }) => {
    const digest = found.get(target);
    if (digest === undefined) throw new TypeError(`the adoption of ${image} lacks a digest for ${target}`);
    return { target, reference, digest, pushedId };
  });
  return { rowId, image, platform, selection, was: PushStatus.pending, isThere: true, copies: copiesFound };
}
