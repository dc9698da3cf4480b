import type { Decision, FaultCode } from '../domain/ferry-error.js';
import type { ImageOutcome, TargetOutcome } from '../domain/wanted-image.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { FetchedImage, FetchInput } from './fetch-messages.js';
import type { AddedImage, AddImageInput, SyncRun, SyncRequest, SyncTotals } from './sync-messages.js';

/** A fault as it crosses the wire. */
export interface Fault {
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly reason: string;
  readonly retryAfterMs?: number;
  /** Known to last: another attempt in this run would only hold others up. */
  readonly again?: 'next-run';
}

/** One place that an image goes to. Credentials are looked up where they are used. */
export interface Destination {
  readonly target: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  /** Absent: the ferry's own engine. */
  readonly engine?: 'docker';
  /** What the tag leads to is kept under this one before it is made to lead elsewhere. */
  readonly backupTag?: string;
}

/** A target that has not taken the image, and whether another attempt may help. */
export interface OpenTarget {
  readonly destination: Destination;
  /** Absent: not tried yet. */
  readonly fault?: Fault;
}

/** A target that gets nothing in this attempt, whatever the source has. */
export interface LeftTarget {
  readonly target: string;
  readonly fault: Fault;
}

export type ImagePlan =
  | { readonly kind: 'nothing' }
  /** An older script had pushed it to every target, which have it still: recorded already, and nothing is copied. */
  | { readonly kind: 'adopted'; readonly targets: readonly TargetOutcome[] }
  /** No target can take anything now, and the source was not asked: record this. */
  | {
      readonly kind: 'left';
      readonly rows: readonly number[];
      readonly readAt: number;
      readonly left: readonly LeftTarget[];
    }
  /** The source stops the image: record this. */
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
      /** When the rows were read, UTC ms by the database's clock: what is asked for later stays pending. */
      readonly readAt: number;
      /** Absent where only Docker daemons copy the image: they find it out. */
      readonly sourceDigest?: string;
      /** What it means by now if a daemon finds no such tag. */
      readonly missingTag: 'wait' | 'block';
      /** Canonical platforms, or `all`. */
      readonly platforms: 'all' | readonly string[];
      readonly missingPlatforms: readonly string[];
      /** Targets that need nothing more. */
      readonly done: readonly TargetOutcome[];
      readonly open: readonly OpenTarget[];
      readonly left: readonly LeftTarget[];
      /** Nothing that a target has vouches for what is below it. */
      readonly force?: true;
      /**
       * The copy on another target (`host/repository@digest`) that is read in place of the source, which no longer has
       * what that target has; `sourceDigest` is the digest there.
       */
      readonly from?: string;
      /** Targets that have the image and were left as they are: recorded already. */
      readonly kept?: readonly TargetOutcome[];
    };

export interface CopyImageInput {
  readonly image: string;
  readonly sourceDigest: string;
  readonly platforms: 'all' | readonly string[];
  readonly destinations: readonly Destination[];
  readonly force?: true;
  /** `host/repository@digest` that is read in place of the image's own source. */
  readonly from?: string;
}

export interface CopyImageResult {
  readonly done: readonly TargetOutcome[];
  readonly open: readonly OpenTarget[];
  readonly bytesRead: number;
  /** Found out by a Docker daemon. */
  readonly sourceDigest?: string;
  /** Wanted platforms that a Docker daemon did not find, canonical. */
  readonly missingPlatforms?: readonly string[];
  /** Set when the source failed: the open targets wait for it. */
  readonly sourceFault?: Fault;
}

/** What a copy tells Temporal while it runs, and what its next attempt starts from. */
export interface CopyHeartbeat {
  readonly bytesRead: number;
  readonly bytesSent: number;
  /** Blobs that are over, as `target digest`, newest last; at most 100. */
  readonly finished: readonly string[];
}

/** A page of rows of other programs that were looked for on the targets. */
export interface TakeoverPage {
  /** Rows that are on every target, for their platform. */
  readonly adopted: number;
  /** Of the rows that were marked as pushed: how many were looked for, are not there, and could not be looked for. */
  readonly claims?: { readonly looked: number; readonly missing: number; readonly unverified: number };
  /** Why rows that were marked as pushed could not be looked for, and how many: the first 20 reasons. */
  readonly unasked?: readonly (LeftTarget & { readonly rows: number })[];
  readonly next?: number;
}

export interface RunActivities {
  beginRun(input: { readonly requests: readonly SyncRequest[] }): Promise<SyncRun>;
  /** `refused`: rows that were newly blocked since no image can be read from them. */
  adoptPresent(input: { readonly after: number }): Promise<TakeoverPage & { readonly refused?: number }>;
  findPending(input: { readonly startedAt: number; readonly limit: number }): Promise<{
    readonly images: readonly { readonly image: string; readonly explicit: boolean }[];
    /** Rows that were newly blocked since no image can be read from them. */
    readonly refused: number;
  }>;
  recordFault(input: {
    readonly image: string;
    readonly run: string;
    readonly fault: { readonly state: 'waiting' | 'retrying'; readonly code: FaultCode; readonly reason: string };
  }): Promise<void>;
  /** `failure`: why it broke off. */
  finishRun(input: {
    readonly run: string;
    readonly totals: SyncTotals;
    readonly cancelled: boolean;
    readonly failure?: string;
  }): Promise<void>;
  /** Forgets what is older than the configured days; cut short, the next run goes on with it. */
  pruneHistory(): Promise<void>;
}

/** A pushed image whose source could not be asked whether its tag moved: it stays as it is. */
export interface UncheckedTag {
  readonly image: string;
  readonly fault: Fault;
}

export interface TagActivities {
  /** Makes images pending again whose mutable tag moved at the source, page by page; `next` is the row to go on after. */
  findMovedTags(input: { readonly startedAt: number; readonly after: number }): Promise<{
    readonly moved: number;
    /** The first 100. */
    readonly unchecked: readonly UncheckedTag[];
    readonly uncheckedCount: number;
    readonly next?: number;
  }>;
}

export interface ImageActivities {
  /** `lastAttempt`: whoever is away now has been away through all attempts. */
  planImage(input: { readonly image: string; readonly lastAttempt?: boolean }): Promise<ImagePlan>;
  recordImage(input: { readonly outcome: ImageOutcome; readonly run: string; readonly readAt: number }): Promise<void>;
}

export interface CopyActivities {
  copyImage(input: CopyImageInput): Promise<CopyImageResult>;
}

export interface CopyByDockerInput extends Omit<CopyImageInput, 'sourceDigest' | 'anew' | 'from'> {
  /** What the source's tag has to lead to; absent: whatever is there. */
  readonly sourceDigest?: string;
}

export interface DockerActivities {
  copyByDocker(input: CopyByDockerInput): Promise<CopyImageResult>;
}

export interface RequestActivities {
  requestSync(request: SyncRequest): Promise<void>;
  /** Requests a run for a later time, in place of an earlier such request. */
  requestSyncAt(request: { readonly at: number; readonly reason: string }): Promise<void>;
  addImages(
    input: AddImageInput & { readonly delivery: string; readonly owner: string },
  ): Promise<{ readonly images: readonly AddedImage[]; readonly repeated: boolean }>;
}

export type MainActivities = RunActivities & TagActivities & ImageActivities & RequestActivities;

/** What a look at an upstream came to. */
export type UpstreamCheck =
  | { readonly kind: 'found'; readonly finding: UpstreamFinding; readonly fingerprint: string }
  /** It cannot be looked at now, and can be by itself later. */
  | { readonly kind: 'later'; readonly fault: Fault };

export interface FetchActivities {
  checkUpstream(input: FetchInput & { readonly upstream: string }): Promise<UpstreamCheck>;
  /** Commits what was found. `pending`: at least one of its images is to be copied now. */
  recordFinding(input: {
    readonly upstream: string;
    readonly finding: UpstreamFinding;
    readonly fingerprint: string;
  }): Promise<{ readonly wanted: readonly FetchedImage[]; readonly pending: boolean }>;
}
