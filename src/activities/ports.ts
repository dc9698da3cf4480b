/** What activities need from outside, as narrow interfaces. The composition root hands in objects that fit. */
import type { PullAllowance } from '../domain/pull-allowance.js';
import type { KnownCopy } from '../domain/copy-recipe.js';
import type { Target } from '../domain/target.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import type {
  AdoptionCandidate,
  ClaimedRow,
  Holdings,
  ImageOutcome,
  TakenOver,
  WantedImage,
  WantedRequest,
  WantedResult,
} from '../domain/wanted-image.js';

export interface WantedImages {
  /**
   * Gives an identity to rows that other programs inserted (`image_key` NULL) and marks duplicates; rows whose
   * reference cannot mean anything are blocked with the reason. Safe to run by several workers at once.
   */
  normalizeRows(): Promise<{ readonly adopted: number; readonly duplicates: number; readonly refused: number }>;
  /**
   * Images with a pending row that no run has finished with since `since` (UTC ms), or that were asked for again
   * after that; explicitly asked ones first (newest pass order otherwise by row id). At most `limit` images.
   */
  pendingImages(query: {
    readonly since: number;
    readonly limit: number;
  }): Promise<readonly { readonly image: string; readonly explicit: boolean }[]>;
  /**
   * Those of these images that are no images, since somebody wrote something else into their rows: `normalizeRows` reads
   * the rows anew. @returns whether there was any
   */
  forgetUnreadable(images: readonly { readonly image: string }[]): Promise<boolean>;
  /**
   * All rows of one image, any status, duplicates left out, and the database's time (UTC ms) at which they were read:
   * what is asked for after that is not answered by an outcome made from these rows.
   */
  wantedRows(image: string): Promise<{ readonly rows: readonly WantedImage[]; readonly readAt: number }>;
  /** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
  imagesSharingTag(image: string): Promise<readonly string[]>;
  /** Makes pushed rows of these images pending again: what is on the targets may not be theirs any more. */
  reviewPushed(images: readonly string[]): Promise<void>;
  /** All in one transaction. An explicit request makes a pushed or blocked row pending again. */
  addWanted(requests: readonly WantedRequest[]): Promise<readonly WantedResult[]>;
}

export interface TagChecks {
  /**
   * Pushed images that no run has looked at since `before` (UTC ms), after row `after`, at most `limit`, by row; and
   * where they go.
   */
  pushedTags(query: {
    readonly before: number;
    readonly after: number;
    readonly limit: number;
    readonly matches: (image: string) => boolean;
  }): Promise<
    readonly {
      readonly rowId: number;
      readonly image: string;
      readonly sourceDigest?: string;
      readonly targets: TargetSelection;
    }[]
  >;
  /** What is known of a pushed image that was never compared with its source: its platforms, and its tags on the targets. */
  adoptedTags(image: string): Promise<{
    readonly platforms: readonly string[];
    readonly tags: readonly { readonly target: string; readonly reference: string }[];
  }>;
  /** Its tag leads to `digest` still; of one that an older script copied this is what it is compared with from now on. */
  unmoved(image: string, digest: string): Promise<void>;
  /** Makes it pending again, to be copied anew. */
  moved(image: string): Promise<void>;
}

/** Workers that copy through Docker daemons. */
export interface DaemonWorkers {
  /** Whether there is one now; undefined when nobody can say. */
  arePolling(): Promise<boolean | undefined>;
}

export interface TargetNames {
  /**
   * The owner of a target repository (`host/repository`): `sourceRepository` if it was free, else who had it first.
   * Atomic: of two simultaneous claims one wins, and both learn who.
   */
  claim(claim: {
    readonly targetRepository: string;
    readonly sourceRepository: string;
    readonly target: string;
  }): Promise<string>;
  /** Who has a target repository, undefined while it is free; claims nothing. */
  ownerOf(targetRepository: string): Promise<string | undefined>;
  /** Target repositories (`host/repository`) of a registry that a source repository owns, the first claimed first. */
  ownedBy(sourceRepository: string, registry: string): Promise<readonly string[]>;
}

export interface PushedImages {
  /** By target, the copies of an image that were verified and can be relied on while nothing moved. */
  knownCopies(image: string): Promise<ReadonlyMap<string, KnownCopy>>;
  /**
   * Pending rows that an older script already pushed to every one of `targets` and the ferry has never copied,
   * after row `after`, at most `limit`, by row id; given `image`, only those of one image.
   */
  adoptionCandidates(query: {
    readonly targets: readonly Target[];
    readonly after: number;
    readonly limit: number;
    readonly image?: string;
  }): Promise<readonly AdoptionCandidate[]>;
  /** Records what HEAD found for a candidate on every target, and makes the row pushed. */
  recordAdoption(
    candidate: AdoptionCandidate,
    digests: readonly { readonly target: string; readonly digest: string }[],
  ): Promise<void>;
  /** What the rows tell of an image on these targets, whoever brought it there. */
  holdings(image: string, targets: readonly Target[]): Promise<Holdings>;
  /** Rows that another program marked as pushed and the ferry never verified, after row `after`, at most `limit`, by row. */
  claimedRows(query: {
    readonly targets: readonly Target[];
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly ClaimedRow[]>;
  /** Makes rows pushed that are on every target, and those pending that were marked as pushed and are not. */
  recordTakenOver(found: readonly TakenOver[]): Promise<void>;
  /**
   * One transaction. `readAt` is `readAt` of the rows that the outcome was made from: a row asked for again after it
   * stays pending, and `checked_at` becomes it.
   */
  recordOutcome(
    outcome: ImageOutcome,
    context: { readonly targets: readonly Target[]; readonly run: string; readonly readAt: number },
  ): Promise<void>;
}

export interface Runs {
  begin(run: { readonly id: string; readonly reasons: readonly string[] }): Promise<{ readonly startedAt: number }>;
  finish(run: { readonly id: string; readonly summary: Readonly<Record<string, unknown>> }): Promise<void>;
}

export interface History {
  /** Forgets, batch by batch, runs with their outcomes and deliveries that are older; wanted and pushed rows never. */
  pruneHistory(days: number, options: { readonly signal: AbortSignal }): Promise<unknown>;
}

export interface Deliveries {
  /**
   * Records the wishes of a delivery for whoever brings it first, and for the same owner (a workflow execution) as
   * often as it asks, since its activity may be tried again; one transaction. Undefined: another owner has handled it.
   */
  record(
    delivery: { readonly id: string; readonly owner: string },
    requests: readonly WantedRequest[],
  ): Promise<readonly WantedResult[] | undefined>;
}

export interface PullBudgets {
  /**
   * Books one pull of `spender` at a host, over all processes.
   *
   * @returns undefined when it may be made; else milliseconds until coming back is worth it
   */
  take(
    account: { readonly host: string; readonly rateLimitSource: string },
    allowance: PullAllowance,
  ): Promise<{ readonly freeInMs: number } | undefined>;
  /**
   * The source's own count, `ageMs` after it was asked for. `share`: the allowance is only a part of what the source
   * grants, so that its word cannot raise it.
   */
  told(
    account: { readonly host: string; readonly rateLimitSource: string },
    allowance: PullAllowance,
    told: { readonly remaining: number; readonly ageMs: number; readonly share?: boolean },
  ): Promise<void>;
}
