import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { DriftKind } from './audit.js';
import { InvalidInput } from './ferry-error.js';
import type { FaultCode } from './ferry-error.js';
import type { ContinuedTransfer } from './transfer-meter.js';

/** `images_for_push.push_status`. */
export const PushStatus = { pending: 0, pushed: 1, blocked: 2, withdrawn: 3 } as const;
export type PushStatus = (typeof PushStatus)[keyof typeof PushStatus];

/**
 * readPushStatus reads the status of a row that any program may have written: NULL is pending. An unknown number is
 * blocked and the column is not changed, since it may mean something to the program that wrote it.
 */
export function readPushStatus(column: number | null): PushStatus {
  if (column === null) return PushStatus.pending;
  return Object.values(PushStatus).find((status) => status === column) ?? PushStatus.blocked;
}

/** Rows are read in pages by ID, starting after this value: IDs from older scripts may be negative. */
export const beforeFirstRow = Number.MIN_SAFE_INTEGER - 1;

/** Length of the columns named `image`, in characters. */
const longestImage = 600;

/** The canonical image as stored in rows. @throws InvalidInput if it is too long for the columns */
export function recordableImage(reference: ImageReference): string {
  const image = printImageReference(reference);
  if (image.length <= longestImage) return image;
  throw new InvalidInput(
    `the image "${image.slice(0, 60)}…" has ${image.length} characters, the limit is ${longestImage}`,
    'invalid-reference',
  );
}

/** Who requested an image, and why; stored with the row permanently. */
export interface RequestedBy {
  readonly by: 'cli' | 'webhook' | 'upstream' | 'workflow' | 'row';
  /** Delivery ID, upstream name, user. */
  readonly id?: string;
  readonly release?: string | undefined;
  readonly service?: string | undefined;
  readonly oldTag?: string | undefined;
  readonly newTag?: string | undefined;
}

/** A row of `images_for_push` in canonical form. */
export interface WantedImage {
  readonly id: number;
  /** Canonical `host/path:tag[@digest]`. */
  readonly image: string;
  /** Canonical platform or `all`. */
  readonly platform: string;
  readonly status: PushStatus;
  readonly sourceDigest?: string | undefined;
  /** When a run last finished it, UTC milliseconds. */
  readonly checkedAt?: number | undefined;
  /** When its tag was first found missing, UTC milliseconds. */
  readonly firstMissingAt?: number | undefined;
  readonly blockedCode?: FaultCode | undefined;
  readonly blockedReason?: string | undefined;
  /** Names of its targets; absent: every configured one. */
  readonly targets?: readonly string[] | undefined;
  /** It was pushed, and is copied again even if the targets have it. */
  readonly forceCopy?: true;
}

/** The state of an image's copy on one target. */
export const CopyState = {
  /** Copied by the ferry and verified. */
  pushed: 'pushed',
  /** Pushed by an older script and found on the target. */
  adopted: 'adopted',
  /** Will be retried automatically once the reason to wait is over. */
  waiting: 'waiting',
  /** Failed in the last run; the next one tries again. */
  retrying: 'retrying',
  /** Needs a person's action. */
  blocked: 'blocked',
} as const;
export type CopyState = (typeof CopyState)[keyof typeof CopyState];

/** States of copies that are on their target. */
export const thereStates = [CopyState.pushed, CopyState.adopted] as const;

/** @param state of a copy, as its row has it */
export function isThere(state: string): boolean {
  return thereStates.some((there) => there === state);
}

/** A manifest on a target for one platform. */
export interface PlatformCopy {
  readonly platform: string;
  readonly digest: string;
  /** Compressed bytes of config and layers. */
  readonly size: number;
}

/** The outcome of one image on one target in one run. */
export type TargetOutcome =
  | {
      readonly target: string;
      readonly state: 'pushed';
      /** `host/repository:tag` on the target. */
      readonly reference: string;
      readonly digest: string;
      readonly mediaType: string;
      readonly platforms: readonly PlatformCopy[];
      /** What the tag pointed to before, when that was something else. */
      readonly replaced?: string | undefined;
      /** `host/repository:tag` of the backup that points to the replaced content. */
      readonly backup?: string | undefined;
      /** Manifests dropped by the target's manifest policy, or because the source no longer has them. */
      readonly dropped: readonly { readonly digest: string; readonly reason: string }[];
      /** Blobs that were sent, mounted from another repository, or already there; and bytes sent. */
      readonly uploadedBlobs: number;
      readonly mountedBlobs: number;
      readonly skippedBlobs: number;
      readonly bytesSent: number;
      /** A note for the user about a copy that differs from the source or whose platform is not known. */
      readonly note?: string | undefined;
      /** Why the tag cannot be read back from the target: its digest is known only from the response to PUT. */
      readonly unread?: string | undefined;
      /** Where uploads continued. */
      readonly continued?: readonly ContinuedTransfer[] | undefined;
      /** The recipe of the copy (`copy-recipe.ts`); absent: a later run cannot reuse the result. */
      readonly recipe?: string | undefined;
    }
  | {
      readonly target: string;
      readonly state: 'adopted';
      readonly reference: string;
      readonly digest: string;
      /** Why the existing tag was kept although it is not exactly what was requested. */
      readonly note?: string | undefined;
    }
  | {
      readonly target: string;
      readonly state: 'waiting' | 'retrying' | 'blocked';
      readonly reference?: string | undefined;
      readonly code: FaultCode;
      readonly reason: string;
    };

/** Everything that a finished `SyncImage` writes to the database, in one transaction. */
export interface ImageOutcome {
  readonly image: string;
  readonly sourceDigest?: string | undefined;
  /** IDs of the image's rows that this outcome covers: those that were read when it started. */
  readonly rows: readonly number[];
  readonly targets: readonly TargetOutcome[];
  /** Wanted platforms that the source does not offer, canonical: recorded in their rows, not an error. */
  readonly missingPlatforms: readonly string[];
  /** Set when the source itself stops the image for every target. */
  readonly sourceFault?: {
    readonly state: 'waiting' | 'retrying' | 'blocked';
    readonly code: FaultCode;
    readonly reason: string;
    /** The tag was missing: keep the time of the first such run. */
    readonly tagMissing: boolean;
  };
  readonly bytesRead: number;
}

export interface WantedRequest {
  /** Canonical `host/path:tag[@digest]`. */
  readonly reference: ImageReference;
  /** Canonical platform or `all`. */
  readonly platform: string;
  readonly requestedBy: RequestedBy;
  /** Names of its targets; absent: every configured one. */
  readonly targets?: readonly string[] | undefined;
}

export interface WantedResult {
  readonly image: string;
  readonly platform: string;
  /** `added`: a new row; `renewed`: was pushed or blocked or withdrawn, pending again; `already-pending`. */
  readonly outcome: 'added' | 'renewed' | 'already-pending';
  readonly previous?: PushStatus | undefined;
}

/** What the rows record about an image on its targets. */
export interface Holdings {
  readonly byTarget: ReadonlyMap<string, Holding>;
  /** Targets that the ferry itself has copied the image to, whatever happened to it later. */
  readonly pushedByFerry: readonly string[];
  /** When a person last requested it, UTC ms; only pending rows count. */
  readonly askedAt?: number | undefined;
  /** Copies that an audit or a rollback has marked, by target; absent: none. */
  readonly marked?: ReadonlyMap<string, MarkedCopy> | undefined;
}

/** A copy that is to be healed or rolled back, or whose tag is held. */
export interface MarkedCopy {
  /** `host/repository:tag` */
  readonly reference: string;
  /** What its tag should point to. */
  readonly digest: string;
  /** The source's digest when it was copied, if recorded. */
  readonly sourceDigest?: string | undefined;
  /** When the ferry itself pushed it, UTC ms. */
  readonly pushedAt?: number | undefined;
  /** What an audit found, if it is to be healed. */
  readonly drift?: DriftKind | undefined;
  /** What its tag is to point to: a rollback was requested. */
  readonly rollbackTo?: string | undefined;
  /** Its tag is held here, and nothing is copied over it. */
  readonly heldDigest?: string | undefined;
}

/** A copy of an image that is recorded in the rows. */
export interface Holding {
  /** `host/repository:tag` */
  readonly reference: string;
  /** The digest that the ferry found or pushed there. */
  readonly digest?: string | undefined;
  /** When the ferry itself pushed it, UTC ms; absent: another program did. */
  readonly pushedAt?: number | undefined;
  readonly pushedId?: number | undefined;
  /** The source's digest when it was copied, if recorded. */
  readonly sourceDigests: readonly string[];
}

/** A row that another program marked as pushed, which the ferry never verified. */
export interface ClaimedRow {
  readonly rowId: number;
  readonly image: string;
  /** Canonical platforms, separated by commas, or `all`. */
  readonly platform: string;
  readonly selection: 'all' | readonly string[];
  /** One entry for each configured target of the image, in their order; `reference` if a row contains its name there. */
  readonly places: readonly {
    readonly target: string;
    readonly reference?: string | undefined;
    readonly pushedId?: number | undefined;
  }[];
}

/** The result of checking a row of another program on the targets. */
export interface TakenOver {
  readonly rowId: number;
  readonly image: string;
  /** Canonical platforms, separated by commas, or `all`. */
  readonly platform: string;
  readonly selection: 'all' | readonly string[];
  /** Its status when it was checked. */
  readonly was: PushStatus;
  /** Whether it is on all of its targets. */
  readonly isThere: boolean;
  /** A note for its row. */
  readonly note?: string | undefined;
  readonly copies: readonly {
    readonly target: string;
    /** `host/repository:tag` */
    readonly reference: string;
    /** The digest of the tag if it contains the row's platform; else absent. */
    readonly digest?: string | undefined;
    readonly pushedId?: number | undefined;
    readonly note?: string | undefined;
  }[];
}

/** A pending row that an older script already pushed to all of its targets. */
export interface AdoptionCandidate {
  readonly rowId: number;
  readonly image: string;
  readonly platform: string;
  /** The targets of the image when this was found. If targets were added since, it is no longer a candidate. */
  readonly selection: 'all' | readonly string[];
  /** One entry for each configured target of the image, in their order. */
  readonly copies: readonly {
    readonly target: string;
    readonly pushedId: number;
    readonly registryImageName: string;
  }[];
}
