import { InvalidInput } from './ferry-error.js';
import type { FaultCode } from './ferry-error.js';
import { printImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';

/** `images_for_push.push_status`. */
export const PushStatus = { pending: 0, pushed: 1, blocked: 2, withdrawn: 3 } as const;
export type PushStatus = (typeof PushStatus)[keyof typeof PushStatus];

/**
 * What a row's status says, whoever wrote it: NULL is pending. A number that nobody knows is for a person to look at,
 * and is not changed: it may mean something to the program that wrote it.
 */
export function readPushStatus(column: number | null): PushStatus {
  if (column === null) return PushStatus.pending;
  return Object.values(PushStatus).find((status) => status === column) ?? PushStatus.blocked;
}

/** Rows are looked through by their ids, page by page, beginning after this: older scripts' ids may be negative. */
export const beforeFirstRow = Number.MIN_SAFE_INTEGER - 1;

/** Characters that the columns named `image` hold. */
const longestImage = 600;

/** A canonical image as rows hold it. @throws InvalidInput when it is too long for their columns */
export function recordableImage(reference: ImageReference): string {
  const image = printImageReference(reference);
  if (image.length <= longestImage) return image;
  throw new InvalidInput(
    `the image "${image.slice(0, 60)}…" has ${image.length} characters, the longest that can be recorded has ${longestImage}`,
    'invalid-reference',
  );
}

/** Who wanted an image, and why; kept with the row for ever. */
export interface RequestedBy {
  readonly by: 'cli' | 'webhook' | 'upstream' | 'workflow' | 'row';
  /** Delivery ID, upstream name, user. */
  readonly id?: string;
  readonly release?: string;
  readonly service?: string;
  readonly oldTag?: string;
  readonly newTag?: string;
}

/** A row of `images_for_push`, read into canonical form. */
export interface WantedImage {
  readonly id: number;
  /** Canonical `host/path:tag[@digest]`. */
  readonly image: string;
  /** Canonical platform or `all`. */
  readonly platform: string;
  readonly status: PushStatus;
  readonly sourceDigest?: string;
  /** When a run last finished with it, UTC milliseconds. */
  readonly checkedAt?: number;
  /** When its tag was first found missing, UTC milliseconds. */
  readonly firstMissingAt?: number;
  readonly blockedCode?: FaultCode;
  readonly blockedReason?: string;
  /** Names of the targets that it goes to; absent: every configured one. */
  readonly targets?: readonly string[];
  /** It was pushed, and is to be copied again whatever the targets seem to have. */
  readonly forceCopy?: true;
}

/** How a copy of an image on one target stands. */
export const CopyState = {
  /** Verified there, copied by the ferry. */
  pushed: 'pushed',
  /** Found there, put there by an older script. */
  adopted: 'adopted',
  /** Will be tried again by itself, once what it waits for has come. */
  waiting: 'waiting',
  /** Failed in the last run; the next one tries again. */
  retrying: 'retrying',
  /** Needs a person. */
  blocked: 'blocked',
} as const;
export type CopyState = (typeof CopyState)[keyof typeof CopyState];

/** A manifest on a target for one platform. */
export interface PlatformCopy {
  readonly platform: string;
  readonly digest: string;
  /** Compressed bytes of config and layers. */
  readonly size: number;
}

/** What became of one image on one target in one run. */
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
      readonly replaced?: string;
      /** `host/repository:tag` that now leads to what was replaced. */
      readonly backup?: string;
      /** Manifests left out by the target's manifest policy, or since the source does not have them any more. */
      readonly dropped: readonly { readonly digest: string; readonly reason: string }[];
      /** Blobs: sent, mounted from another repository, there already; and bytes sent. */
      readonly uploadedBlobs: number;
      readonly mountedBlobs: number;
      readonly skippedBlobs: number;
      readonly bytesSent: number;
      /** What a person should know about a copy that is not the source byte for byte, or whose platform is not known. */
      readonly note?: string;
      /** Why the target does not let its tag be read back: what it points to is known from the answer to PUT alone. */
      readonly unread?: string;
      /** By which it was made (`copy-recipe.ts`); absent: a later copy cannot rely on it. */
      readonly recipe?: string;
    }
  | {
      readonly target: string;
      readonly state: 'adopted';
      readonly reference: string;
      readonly digest: string;
      /** Why it was left as it is, where that is not what was asked for to the letter. */
      readonly note?: string;
    }
  | {
      readonly target: string;
      readonly state: 'waiting' | 'retrying' | 'blocked';
      readonly reference?: string;
      readonly code: FaultCode;
      readonly reason: string;
    };

/** Everything that a finished `SyncImage` leaves in the database, written in one transaction. */
export interface ImageOutcome {
  readonly image: string;
  readonly sourceDigest?: string;
  /** Rows (ids) of the image that this outcome speaks of: those that were read when it began. */
  readonly rows: readonly number[];
  readonly targets: readonly TargetOutcome[];
  /** Wanted platforms that the source does not offer, canonical: noted on their rows, not an error. */
  readonly missingPlatforms: readonly string[];
  /** Set when the source itself stops the image for every target. */
  readonly sourceFault?: {
    readonly state: 'waiting' | 'retrying' | 'blocked';
    readonly code: FaultCode;
    readonly reason: string;
    /** The tag was not there: keep the time of the first such run. */
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
  /** Names of the targets that it goes to; absent: every configured one. */
  readonly targets?: readonly string[];
}

export interface WantedResult {
  readonly image: string;
  readonly platform: string;
  /** `added`: a new row; `renewed`: was pushed or blocked or withdrawn, pending again; `already-pending`. */
  readonly outcome: 'added' | 'renewed' | 'already-pending';
  readonly previous?: PushStatus;
}

/** What the rows tell of an image on its targets. */
export interface Holdings {
  readonly byTarget: ReadonlyMap<string, Holding>;
  /** Targets that the ferry itself has brought the image to, whatever became of it. */
  readonly pushedByFerry: readonly string[];
  /** When a person last asked for it, UTC ms, of the rows that are pending. */
  readonly askedAt?: number;
}

/** A copy of an image that the rows tell of. */
export interface Holding {
  /** `host/repository:tag` */
  readonly reference: string;
  /** What the ferry found or put there. */
  readonly digest?: string;
  /** When the ferry itself brought it there, UTC ms; absent: another program did. */
  readonly pushedAt?: number;
  readonly pushedId?: number;
  /** What its source had when it was copied, as far as it was written down. */
  readonly sourceDigests: readonly string[];
}

/** A row that another program marked as pushed, which the ferry never verified. */
export interface ClaimedRow {
  readonly rowId: number;
  readonly image: string;
  /** Canonical platforms, divided by commas, or `all`. */
  readonly platform: string;
  readonly selection: 'all' | readonly string[];
  /** One for each configured target that it goes to, in their order; `reference` where a row tells its name there. */
  readonly places: readonly {
    readonly target: string;
    readonly reference?: string | undefined;
    readonly pushedId?: number;
  }[];
}

/** What a look at the targets found out about a row of another program. */
export interface TakenOver {
  readonly rowId: number;
  readonly image: string;
  /** Canonical platforms, divided by commas, or `all`. */
  readonly platform: string;
  readonly selection: 'all' | readonly string[];
  /** What its status was when it was looked for. */
  readonly was: PushStatus;
  /** On every target that it goes to. */
  readonly isThere: boolean;
  /** What is to be known about it, for its row. */
  readonly note?: string;
  readonly copies: readonly {
    readonly target: string;
    /** `host/repository:tag` */
    readonly reference: string;
    /** What the tag points to where it holds the row's platform; absent where it does not. */
    readonly digest?: string;
    readonly pushedId?: number;
    readonly note?: string;
  }[];
}

/** A pending row that an older script already pushed to every target that it goes to. */
export interface AdoptionCandidate {
  readonly rowId: number;
  readonly image: string;
  readonly platform: string;
  /** Where the image was to go when this was found: wanted by more targets since, it is no candidate any more. */
  readonly selection: 'all' | readonly string[];
  /** One for each configured target that it goes to, in their order. */
  readonly copies: readonly {
    readonly target: string;
    readonly pushedId: number;
    readonly registryImageName: string;
  }[];
}
