import type { PlatformSelection } from '@image-ferry/registry/platform';
import type { PullAllowance } from '@image-ferry/registry/pull-quota';

import type { Decision, FaultCode } from './ferry-error.js';
import type { TargetSelection } from './wanted-targets.js';

/** An image that a run would process. */
export interface PendingPlan {
  readonly image: string;
  readonly platforms: PlatformSelection;
  readonly targets: TargetSelection;
  /** An older script pushed all of it: a run only checks that it is still there. */
  readonly toAdopt: boolean;
  /** It was pushed, and is copied again even if the targets have it. */
  readonly force: boolean;
}

/** Why an image would not be copied. */
export interface PlannedFault {
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly reason: string;
}

export interface PlannedBlobs {
  readonly blobs: number;
  readonly bytes: number;
}

/** What a sync would do for one image on one target. */
export interface PlannedTarget {
  readonly target: string;
  /**
   * `there`: nothing to do; `copy`: something is missing; `unknown`: the source's manifests were not read, or only a Docker
   * daemon has access; `refused`: the target does not accept the image, or could not be reached.
   */
  readonly state: 'there' | 'copy' | 'unknown' | 'refused';
  /** `host/repository:tag` */
  readonly reference?: string | undefined;
  /** The plain name of the image, which another image already has on this target. */
  readonly takenName?: string | undefined;
  /** Digest that the tag points to now and that would be replaced. */
  readonly replaces?: string | undefined;
  /** The old content stays part of the tag: platforms are only added. */
  readonly extends?: true;
  readonly dropped: readonly { readonly digest: string; readonly reason: string }[];
  readonly there: PlannedBlobs;
  readonly mountable: PlannedBlobs;
  readonly sent: PlannedBlobs;
  /** A note for the user about the copy. */
  readonly note?: string | undefined;
  readonly fault?: PlannedFault | undefined;
}

/** What a sync would do for one image. */
export interface PlannedImage {
  readonly image: string;
  /** Canonical platforms, or `all`. */
  readonly platforms: readonly string[];
  /**
   * `there`: on every target already; `copy`: would be copied; `unread`: would be copied, but how much is not known, since
   * reading the manifests would cost a pull; `adopt`: an older script pushed it, it would only be checked on the targets;
   * `stopped`: the source, or every target, has a fault.
   */
  readonly state: 'there' | 'copy' | 'unread' | 'adopt' | 'stopped';
  readonly sourceDigest?: string | undefined;
  readonly missingPlatforms: readonly string[];
  /** Pulls that the source counts; at least one for an unread image. */
  readonly pulls: number;
  readonly bytesToRead: number;
  readonly targets: readonly PlannedTarget[];
  readonly fault?: PlannedFault | undefined;
}

/** A pull allowance, and how much of it the plan would use. */
export interface PlannedAllowance extends PullAllowance {
  readonly host: string;
  readonly free: number;
  readonly needed: number;
}

/** A row that does not identify an image: it would be blocked. */
export interface RefusedRow {
  readonly row: number;
  /** Its columns, for messages. */
  readonly text: string;
  readonly reason: string;
}

/** Receives a plan entry by entry: a whole plan may not fit in memory. */
export interface PlanSink {
  /** In the order of the images' first rows. */
  image(image: PlannedImage): void;
  /** After the images. */
  refusedRow(row: RefusedRow): void;
}

/** Totals and faults at the end of a plan. */
export interface PlanSummary {
  readonly allowances: readonly PlannedAllowance[];
  readonly totals: PlanTotals;
}

export interface PlanTotals {
  readonly images: Readonly<Record<PlannedImage['state'], number>>;
  readonly pulls: number;
  readonly bytesToRead: number;
  readonly bytesToSend: number;
  readonly mounts: PlannedBlobs;
  readonly takenNames: number;
  readonly refusals: number;
  /** Images that would be copied, but not to every target. */
  readonly incomplete: number;
  /** Rows that another program marked as pushed and the ferry never verified: they would be checked on every target. */
  readonly unverified: number;
}

export const emptyTotals: PlanTotals = {
  images: { there: 0, copy: 0, unread: 0, adopt: 0, stopped: 0 },
  pulls: 0,
  bytesToRead: 0,
  bytesToSend: 0,
  mounts: { blobs: 0, bytes: 0 },
  takenNames: 0,
  refusals: 0,
  incomplete: 0,
  unverified: 0,
};

export function addToTotals(totals: PlanTotals, { state, pulls, bytesToRead, targets }: PlannedImage): PlanTotals {
  return {
    ...totals,
    images: { ...totals.images, [state]: totals.images[state] + 1 },
    pulls: totals.pulls + pulls,
    bytesToRead: totals.bytesToRead + bytesToRead,
    bytesToSend: totals.bytesToSend + sumOf(targets, ({ sent }) => sent.bytes),
    mounts: {
      blobs: totals.mounts.blobs + sumOf(targets, ({ mountable }) => mountable.blobs),
      bytes: totals.mounts.bytes + sumOf(targets, ({ mountable }) => mountable.bytes),
    },
    takenNames: totals.takenNames + targets.filter(({ takenName }) => takenName !== undefined).length,
    refusals: totals.refusals + targets.filter((target) => target.state === 'refused').length,
    incomplete: totals.incomplete + (isIncomplete({ state, targets }) ? 1 : 0),
  };
}

function isIncomplete({ state, targets }: Pick<PlannedImage, 'state' | 'targets'>): boolean {
  return (state === 'copy' || state === 'unread') && targets.some((target) => target.state === 'refused');
}

function sumOf<T>(entries: readonly T[], value: (entry: T) => number): number {
  return entries.reduce((sum, entry) => sum + value(entry), 0);
}
