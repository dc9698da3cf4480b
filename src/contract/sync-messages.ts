import type { FaultCode } from '../domain/ferry-error.js';
import type { AddedImage, RequestedImage } from '../domain/requested-images.js';
import type { TargetOutcome } from '../domain/wanted-image.js';

/** Somebody wants a run, and why. The ID makes a repeated signal harmless. */
export interface SyncRequest {
  readonly id: string;
  readonly reason: string;
}

/** One thing that a run did not do, for people. */
export interface NotDone {
  readonly image: string;
  /** Absent where the source itself is the reason. */
  readonly target?: string;
  readonly state: 'waiting' | 'retrying' | 'blocked';
  readonly code: FaultCode;
  readonly reason: string;
}

/** A tag on a target that led to something else before this run. */
export interface ReplacedTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  /** Digest that it led to. */
  readonly before: string;
  /** Digest that it leads to now. */
  readonly digest: string;
  /** `host/repository:tag` that keeps what was replaced; absent where none was asked for. */
  readonly backup?: string;
}

/** A tag that its target does not let be read back. */
export interface UnreadTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  readonly reason: string;
}

export interface SyncTotals {
  /** Images that were looked at, adopted ones included. */
  readonly images: number;
  readonly pushed: number;
  readonly waiting: number;
  readonly retrying: number;
  readonly blocked: number;
}

/** A tag on a target that was left as it is, though it is not to the letter what was asked for. */
export interface KeptTag {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` on the target. */
  readonly reference: string;
  /** Why, and how to have it replaced. */
  readonly reason: string;
}

/** Rows that other programs had marked as pushed: what looking for them on every target came to. */
export interface Takeover {
  readonly looked: number;
  /** On every target, for their platform: pushed. */
  readonly there: number;
  /** Not on every target, or not for their platform: pending. */
  readonly missing: number;
  /** A target could not be asked: they stay as they are, and the next run looks again. */
  readonly unverified: number;
}

export interface SyncAllResult extends SyncTotals {
  readonly runs: number;
  /** The first 100; the whole list is in the database (`ferry list waiting`, `ferry list blocked`). */
  readonly notDone: readonly NotDone[];
  /** Tags on targets that led to something else before, absent where there are none: how many, and the first 100. */
  readonly replaced?: { readonly count: number; readonly first: readonly ReplacedTag[] };
  /** Tags that the ferry did not make and has left as they are, absent where there are none: how many, and the first 100. */
  readonly kept?: { readonly count: number; readonly first: readonly KeptTag[] };
  /** Rows that other programs had marked as pushed and this run looked for, absent where there were none. */
  readonly takeover?: Takeover;
  /** Tags that are known from the answer to PUT alone, absent where there are none: how many, and the first 100. */
  readonly unread?: { readonly count: number; readonly first: readonly UnreadTag[] };
  /** When a source or target that asked to be left alone can be asked again, UTC ms: a run begins then by itself. */
  readonly againAt?: number;
  /** Set when this run only passed the request on to the running `sync-all`. */
  readonly forwardedTo?: string;
}

/** A run that has begun. */
export interface SyncRun {
  readonly id: string;
  /** UTC milliseconds by the database's clock. */
  readonly startedAt: number;
  /** Images in work at once. */
  readonly poolSize: number;
}

/**
 * What `SyncAll` hands to its next run. Every field is optional: a person may start the workflow with no input.
 */
export interface SyncAllState {
  readonly run?: SyncRun;
  readonly adoptedUpTo?: number;
  readonly adoptionOver?: boolean;
  readonly tagsCheckedUpTo?: number;
  readonly tagCheckOver?: boolean;
  readonly requests?: readonly SyncRequest[];
  /** IDs of the latest requests, so that a signal sent twice counts once. */
  readonly seen?: readonly string[];
  /** Images that somebody else is copying: left to them until the run has nothing else to do. */
  readonly runningElsewhere?: readonly string[];
  /** Images that are not taken up again in this run. */
  readonly dropped?: readonly string[];
  readonly result?: SyncAllResult;
  /** For tests: continue as new after so many events instead of when the server suggests it. */
  readonly continueAfterEvents?: number;
}

export interface SyncProgress {
  readonly phase: 'starting' | 'adopting' | 'copying' | 'draining' | 'finishing' | 'done';
  readonly run?: string;
  readonly queued: number;
  readonly inFlight: readonly string[];
  readonly result: SyncAllResult;
}

export interface SyncImageInput {
  /** Canonical `host/path:tag[@digest]`. */
  readonly image: string;
  /** The run that it belongs to; a person who starts one by hand leaves it out. */
  readonly run?: string;
}

export interface SyncImageResult {
  readonly image: string;
  /** `nothing`: no row of it is pending. */
  readonly state: 'pushed' | 'waiting' | 'retrying' | 'blocked' | 'nothing';
  readonly sourceDigest?: string;
  readonly targets: readonly TargetOutcome[];
  readonly notDone: readonly NotDone[];
  /** Blob bytes read from the source, over all attempts. */
  readonly bytesRead: number;
  /** When what is not done can be tried again, where the other side named a time, UTC ms. */
  readonly againAt?: number;
}

export interface RequestSyncAllInput {
  readonly reason?: string;
}

export type { AddedImage } from '../domain/requested-images.js';

export interface AddImageInput {
  /** References; one with platforms of its own is an object. At most 500. */
  readonly images: readonly (string | RequestedImage)[];
  /** Platforms, or `all` alone; absent: `FERRY_PLATFORMS`. */
  readonly platforms?: readonly string[];
  /** False: only record them. */
  readonly sync?: boolean;
  /** Who asks, for the record. */
  readonly requestedBy?: string;
}

export interface AddImageResult {
  readonly images: readonly AddedImage[];
  readonly syncRequested: boolean;
  /** True when this delivery was handled before. */
  readonly repeated: boolean;
}
