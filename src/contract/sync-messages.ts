import type { FaultCode } from '../domain/ferry-error.js';
import type { AddedImage, RequestedImage } from '../domain/requested-images.js';
import type { TargetOutcome } from '../domain/wanted-image.js';

/** A request for a sync run, with the reason. The ID makes repeated signals idempotent. */
export interface SyncRequest {
  readonly id: string;
  readonly reason: string;
}

/** One image or target that a run did not complete, for users. */
export interface NotDone {
  readonly image: string;
  /** Absent if the source is the reason. */
  readonly target?: string;
  readonly state: 'waiting' | 'retrying' | 'blocked';
  readonly code: FaultCode;
  readonly reason: string;
}

/** A tag on a target whose old content this run replaced. */
export interface ReplacedTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  /** The old digest. */
  readonly before: string;
  /** The new digest. */
  readonly digest: string;
  /** `host/repository:tag` of the backup of the old content; absent if no backup is configured. */
  readonly backup?: string | undefined;
}

/** A tag that cannot be read back from its target. */
export interface UnreadTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  readonly reason: string;
}

/** An upload that continued after a broken connection, as `continued at 1.90 GB of 2.00 GB after …`. */
export interface ContinuedCopy {
  readonly image: string;
  readonly target: string;
  readonly reason: string;
}

export interface SyncTotals {
  /** Processed images, including adopted ones. */
  readonly images: number;
  readonly pushed: number;
  readonly waiting: number;
  readonly retrying: number;
  readonly blocked: number;
}

/** An existing tag on a target that was kept although it is not exactly what was requested. */
export interface KeptTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  /** Why, and how to replace it. */
  readonly reason: string;
}

/** Rows that other programs marked as pushed: the results of checking them on every target. */
export interface Takeover {
  readonly looked: number;
  /** On every target for their platform: pushed. */
  readonly there: number;
  /** Missing on a target, or there for another platform: pending. */
  readonly missing: number;
  /** A target could not be reached: not changed, and the next run checks again. */
  readonly unverified: number;
}

/** The number of entries, and the first 100 of them. */
export interface FirstOf<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** The results of images, added up. */
export interface SettledImages extends SyncTotals {
  /** The first 100; the whole list is in the database (`ferry list waiting`, `ferry list blocked`). */
  readonly notDone: readonly NotDone[];
  /** Tags on targets whose old content was replaced; absent if there are none. */
  readonly replaced?: FirstOf<ReplacedTag> | undefined;
  /** Existing tags of other programs that were kept; absent if there are none. */
  readonly kept?: FirstOf<KeptTag> | undefined;
  /** Tags whose digest is known only from the response to PUT; absent if there are none. */
  readonly unread?: FirstOf<UnreadTag> | undefined;
  /** Uploads that continued after they had stopped; absent if none did. */
  readonly continued?: FirstOf<ContinuedCopy> | undefined;
  /** When a throttling source or target can be retried, UTC ms: a run starts automatically at that time. */
  readonly againAt?: number | undefined;
}

export interface SyncAllResult extends SettledImages {
  readonly runs: number;
  /** Rows that other programs marked as pushed and that this run checked; absent if there were none. */
  readonly takeover?: Takeover;
  /** Set if this workflow only forwarded the request to the running `sync-all`. */
  readonly forwardedTo?: string;
}

/** A started run. */
export interface SyncRun {
  readonly id: string;
  /** UTC milliseconds by the database's clock. */
  readonly startedAt: number;
  /** Maximum number of images in flight. */
  readonly poolSize: number;
}

/**
 * The state that `SyncAll` passes to its next workflow run. Every field is optional: a person may start the workflow with
 * no input.
 */
export interface SyncAllState {
  readonly run?: SyncRun | undefined;
  readonly adoptedUpTo?: number;
  readonly adoptionOver?: boolean;
  readonly tagsCheckedUpTo?: number;
  readonly tagCheckOver?: boolean;
  readonly requests?: readonly SyncRequest[];
  /** IDs of the latest requests, to ignore duplicate signals. */
  readonly seen?: readonly string[];
  /** Images that another workflow is copying: skipped until the run has nothing else to do. */
  readonly runningElsewhere?: readonly string[];
  /** Images that this run does not start again. */
  readonly dropped?: readonly string[];
  readonly result?: SyncAllResult;
  /** For tests: continue as new after this many events instead of when the server suggests it. */
  readonly continueAfterEvents?: number | undefined;
}

export interface SyncProgress {
  readonly phase: 'starting' | 'adopting' | 'copying' | 'draining' | 'finishing' | 'done';
  readonly run?: string | undefined;
  readonly queued: number;
  readonly inFlight: readonly string[];
  /** Those in flight that have a workflow of their own. */
  readonly single: readonly string[];
  readonly result: SyncAllResult;
}

export interface SyncImageResult {
  readonly image: string;
  /** `nothing`: no row of it is pending. */
  readonly state: 'pushed' | 'waiting' | 'retrying' | 'blocked' | 'nothing';
  readonly sourceDigest?: string | undefined;
  readonly targets: readonly TargetOutcome[];
  readonly notDone: readonly NotDone[];
  /** Blob bytes read from the source, over all attempts. */
  readonly bytesRead: number;
  /** When the rest can be retried, UTC ms, if the other side announced a time. */
  readonly againAt?: number | undefined;
  /** Set if this workflow was started by hand and only requested a run of `sync-all`. */
  readonly forwardedTo?: string | undefined;
}

export interface RequestSyncAllInput {
  readonly reason?: string | undefined;
}

export type { AddedImage } from '../domain/requested-images.js';

export interface AddImageInput {
  /** References; one with platforms of its own is an object. At most 500. */
  readonly images: readonly (string | RequestedImage)[];
  /** Platforms, or `all` alone; absent: `FERRY_PLATFORMS`. */
  readonly platforms?: readonly string[] | undefined;
  /** Names of targets; absent: every configured one. */
  readonly targets?: readonly string[] | undefined;
  /** False: only record them. */
  readonly sync?: boolean;
  /** Who requests it, for the record. */
  readonly requestedBy?: string | undefined;
}

export interface AddImageResult {
  readonly images: readonly AddedImage[];
  readonly syncRequested: boolean;
  /** True when this delivery was handled before. */
  readonly repeated: boolean;
}
