import type { AuditScope, AuditSummary } from '../domain/audit.js';
import type { Decision, FaultCode } from '../domain/ferry-error.js';
import type { StateChange } from '../domain/state-change.js';
import type { TransferState } from '../domain/transfer-meter.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { ImageOutcome, TargetOutcome } from '../domain/wanted-image.js';
import type { AuditPage, CopyPosition, PreparedRollback, RollbackInput, RollbackResult } from './audit-messages.js';
import type { FetchedImage, FetchInput, UpstreamCheckIdentity } from './fetch-messages.js';
import type { AddedImage, AddImageInput, SettledImages, SyncRun, SyncRequest, SyncTotals } from './sync-messages.js';

/** A serializable fault. */
export interface Fault {
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly reason: string;
  readonly retryAfterMs?: number | undefined;
  /** The fault will last: another attempt in this run would only delay others. */
  readonly again?: 'next-run';
}

/** One destination of an image. It contains no credentials: they are looked up when they are used. */
export interface Destination {
  readonly target: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  /** Absent: the ferry's own engine. */
  readonly engine?: 'docker' | undefined;
  /** The backup tag that gets the old content before the tag is replaced. */
  readonly backupTag?: string | undefined;
}

/** A target that does not have the image yet, and the fault of the last attempt. */
export interface OpenTarget {
  readonly destination: Destination;
  /** Absent: not tried yet. */
  readonly fault?: Fault | undefined;
}

/** A target that this attempt skips. */
export interface LeftTarget {
  readonly target: string;
  readonly fault: Fault;
}

export type ImagePlan =
  | { readonly kind: 'nothing' }
  /** An older script pushed it, and every target still has it: already recorded, nothing to copy. */
  | { readonly kind: 'adopted'; readonly targets: readonly TargetOutcome[] }
  /** No target is available now, and the source was not read: record this. */
  | {
      readonly kind: 'left';
      readonly rows: readonly number[];
      readonly readAt: number;
      readonly left: readonly LeftTarget[];
    }
  /** The source has a fault that stops the image: record this. */
  | {
      readonly kind: 'stopped';
      readonly rows: readonly number[];
      readonly readAt: number;
      readonly fault: Fault;
      readonly tagMissing: boolean;
    }
  | {
      readonly kind: 'planned';
      readonly rows: readonly number[];
      /** When the rows were read, UTC ms by the database's clock: later requests stay pending. */
      readonly readAt: number;
      /** Absent if only Docker daemons copy the image: they resolve it. */
      readonly sourceDigest?: string | undefined;
      /** The decision if a daemon does not find the tag. */
      readonly missingTag: 'wait' | 'block';
      /** Canonical platforms, or `all`. */
      readonly platforms: 'all' | readonly string[];
      readonly missingPlatforms: readonly string[];
      /** Targets that are complete. */
      readonly done: readonly TargetOutcome[];
      readonly open: readonly OpenTarget[];
      /** Compressed bytes of what the open targets get, those already there included; absent: not known. */
      readonly imageBytes?: number | undefined;
      readonly left: readonly LeftTarget[];
      /** Copy again even what the targets already have. */
      readonly force?: true;
      /**
       * The copy on another target (`host/repository@digest`) that is read instead of the source, because the source no
       * longer has that content; `sourceDigest` is the digest there.
       */
      readonly from?: string | undefined;
      /** Targets that have the image and are not changed: already recorded. */
      readonly kept?: readonly TargetOutcome[];
    };

export interface CopyImageInput {
  readonly image: string;
  readonly sourceDigest: string;
  readonly platforms: 'all' | readonly string[];
  readonly destinations: readonly Destination[];
  readonly force?: true;
  /** `host/repository@digest` that is read instead of the image's own source. */
  readonly from?: string | undefined;
}

export interface CopyImageResult {
  readonly done: readonly TargetOutcome[];
  readonly open: readonly OpenTarget[];
  readonly bytesRead: number;
  /** Resolved by a Docker daemon. */
  readonly sourceDigest?: string | undefined;
  /** Wanted platforms that a Docker daemon did not find, canonical. */
  readonly missingPlatforms?: readonly string[];
  /** Set when the source failed: the open targets wait for it. */
  readonly sourceFault?: Fault;
}

/** Heartbeat details of a copy: its progress, which the next attempt continues from. */
export interface CopyHeartbeat {
  readonly bytesRead: number;
  readonly bytesSent: number;
  /** Finished blobs as `target digest`, newest last; at most 100. */
  readonly finished: readonly string[];
  /** The running attempt; absent before its first event, and for a Docker daemon. */
  readonly transfer?: TransferState | undefined;
}

/** The results of one page of rows from other programs that were checked on the targets. */
export interface TakeoverPage {
  /** Rows that are on every target, for their platform. */
  readonly adopted: number;
  /** Numbers of rows marked as pushed: checked, missing on a target, and not checked because of a fault. */
  readonly claims?: { readonly looked: number; readonly missing: number; readonly unverified: number };
  /** Why rows marked as pushed could not be checked, with the number of rows: the first 20 reasons. */
  readonly unasked?: readonly (LeftTarget & { readonly rows: number })[];
  readonly next?: number | undefined;
}

/** Rows that are newly blocked, because they do not identify an image. */
export interface RefusedRows {
  readonly count: number;
  /** The first 100. */
  readonly first: readonly StateChange[];
}

export interface PendingImages {
  /** Requested explicitly, and without an outcome since: in the order of the requests. */
  readonly asked: readonly string[];
  /** Others that this run has not finished, by row. */
  readonly discovered: readonly string[];
  /** The row to continue after; undefined at the end. */
  readonly next?: number | undefined;
}

export interface RunActivities {
  beginRun(input: { readonly requests: readonly SyncRequest[] }): Promise<SyncRun>;
  adoptPresent(input: { readonly after: number }): Promise<TakeoverPage & { readonly refused: RefusedRows }>;
  /** Without `after`, a row, only requested images are read. */
  findPending(input: {
    readonly startedAt: number;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<PendingImages & { readonly refused: RefusedRows }>;
  recordFault(input: {
    readonly image: string;
    readonly run: string;
    readonly fault: { readonly state: 'waiting' | 'retrying'; readonly code: FaultCode; readonly reason: string };
  }): Promise<void>;
  /** `failure`: why the run failed. */
  finishRun(input: {
    readonly run: string;
    readonly totals: SyncTotals;
    readonly cancelled: boolean;
    readonly failure?: string | undefined;
  }): Promise<void>;
  /** Deletes history older than the configured days. If it is interrupted, the next run continues. */
  pruneHistory(): Promise<void>;
}

/** A pushed image whose source could not be checked for a moved tag. It is not changed. */
export interface UncheckedTag {
  readonly image: string;
  readonly fault: Fault;
}

export interface TagActivities {
  /** Makes images pending whose mutable tag moved at the source, page by page; `next` is the row to continue after. */
  findMovedTags(input: { readonly startedAt: number; readonly after: number }): Promise<{
    readonly moved: number;
    /** The first 100. */
    readonly unchecked: readonly UncheckedTag[];
    readonly uncheckedCount: number;
    readonly next?: number | undefined;
  }>;
}

export interface ImageActivities {
  /** `lastAttempt`: an unavailable target is not retried in this run. */
  planImage(input: { readonly image: string; readonly lastAttempt?: boolean }): Promise<ImagePlan>;
  /** @returns the image and the copies whose state changed */
  recordImage(input: {
    readonly outcome: ImageOutcome;
    readonly run: string;
    readonly readAt: number;
  }): Promise<readonly StateChange[]>;
}

/** The results of the copies of an image. */
export interface CopiedTargets {
  readonly done: readonly TargetOutcome[];
  readonly open: readonly OpenTarget[];
  readonly sourceDigest?: string | undefined;
  readonly missingPlatforms: readonly string[];
  readonly bytesRead: number;
}

/** An image that an activity for many images did not settle: it gets a workflow of its own. */
export interface SingleImage {
  readonly image: string;
  /** Its plan, so that it is not planned twice; absent: it is planned again. */
  readonly plan?: ImagePlan | undefined;
  /** What was copied before a target failed. */
  readonly copied?: CopiedTargets | undefined;
}

export interface SyncImagesResult {
  /** What was recorded. */
  readonly settled: SettledImages;
  /** Large images, images for Docker daemons, and images to be retried within the run. */
  readonly single: readonly SingleImage[];
}

/** Heartbeat details of {@link BatchActivities.syncImages}: what the next attempt need not do again. */
export interface SyncImagesHeartbeat extends SyncImagesResult {
  /** Images in `settled` and `single`. */
  readonly over: readonly string[];
  /** Transfers in flight: at most 20. */
  readonly transfers: readonly { readonly image: string; readonly transfer: TransferState }[];
}

export interface BatchActivities {
  /**
   * Plans many images, records those that need nothing, and copies small ones.
   *
   * @param input.images with different tags on the targets
   * @param input.areAsked they were requested: they go before others
   */
  syncImages(input: {
    readonly run: string;
    readonly images: readonly string[];
    readonly areAsked?: boolean;
  }): Promise<SyncImagesResult>;
}

export interface CopyActivities {
  copyImage(input: CopyImageInput): Promise<CopyImageResult>;
}

export interface CopyByDockerInput extends Omit<CopyImageInput, 'sourceDigest' | 'force' | 'from'> {
  /** The digest that the source's tag must point to; absent: any. */
  readonly sourceDigest?: string | undefined;
}

export interface DockerActivities {
  copyByDocker(input: CopyByDockerInput): Promise<CopyImageResult>;
}

export interface RequestActivities {
  requestSync(request: SyncRequest): Promise<void>;
  /** Requests a run at a later time. It replaces an earlier such request. */
  requestSyncAt(request: { readonly at: number; readonly reason: string }): Promise<void>;
  addImages(
    input: AddImageInput & { readonly delivery: string; readonly owner: string },
  ): Promise<{ readonly images: readonly AddedImage[]; readonly repeated: boolean }>;
}

export interface AuditActivities {
  beginAudit(input: { readonly who: string; readonly scope: AuditScope }): Promise<{
    readonly audit: string;
    readonly startedAt: number;
  }>;
  /** Checks the next copies on their targets, and records what is wrong with them. */
  auditCopies(input: {
    readonly audit: string;
    readonly startedAt: number;
    readonly scope: AuditScope;
    readonly after?: CopyPosition | undefined;
  }): Promise<AuditPage>;
  /** @returns the summary with the counts of all findings */
  finishAudit(input: {
    readonly audit: string;
    readonly summary: AuditSummary;
    readonly failure?: string | undefined;
  }): Promise<AuditSummary>;
}

export interface RollbackActivities {
  /** Finds out if a tag can be put back, and changes nothing. */
  prepareRollback(input: RollbackInput): Promise<PreparedRollback>;
  /**
   * With `isAgain` only a rollback that is still requested is requested once more, so that a release stays one.
   *
   * @returns false if the copy is not there any more, or the rollback was made or called off
   */
  requestRollback(
    input: RollbackInput & { readonly to: string; readonly who: string; readonly isAgain: boolean },
  ): Promise<boolean>;
  readRollback(input: RollbackInput & { readonly to: string; readonly before: string }): Promise<RollbackResult>;
}

export type MainActivities = RunActivities & TagActivities & ImageActivities & BatchActivities & RequestActivities;

/** The result of checking an upstream. */
export type UpstreamCheck =
  | { readonly kind: 'found'; readonly finding: UpstreamFinding; readonly fingerprint: string }
  /** It cannot be checked now because of a temporary fault. */
  | { readonly kind: 'later'; readonly fault: Fault };

export interface FetchActivities {
  /** @param input.check absent: a workflow of an older version called it, and the check is not recorded */
  checkUpstream(
    input: FetchInput & { readonly upstream: string; readonly check?: UpstreamCheckIdentity | undefined },
  ): Promise<UpstreamCheck>;
  /** Records the found images. `pending`: at least one of them must be copied now. */
  recordFinding(input: {
    readonly upstream: string;
    readonly finding: UpstreamFinding;
    readonly fingerprint: string;
    readonly check?: UpstreamCheckIdentity | undefined;
  }): Promise<{ readonly wanted: readonly FetchedImage[]; readonly pending: boolean }>;
}

/** Milliseconds until there is something to do again; absent: nothing is waiting. */
interface NextTurn {
  readonly nextInMs?: number | undefined;
}

export interface NotificationActivities {
  /** Checks whether task queues and schedules are silent. */
  watchSilence(): Promise<void>;
  /**
   * Reads what has changed, and puts messages into the outboxes. `channels`: those with messages that are not sent;
   * `isConfigured`: whether this worker has channels.
   */
  planNotifications(): Promise<NextTurn & { readonly isConfigured: boolean; readonly channels: readonly string[] }>;
  /** Sends what waits in the outbox of a channel. */
  deliverNotifications(input: { readonly channel: string }): Promise<NextTurn & { readonly sent: number }>;
}
