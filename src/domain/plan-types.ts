import type { Decision, FaultCode } from './ferry-error.js';
import type { PlatformSelection } from '../../packages/registry/src/oci/platform.js';
import type { PullAllowance } from './pull-allowance.js';
import type { TargetSelection } from './wanted-targets.js';

/** An image that a run would look at. */
export interface PendingPlan {
  readonly image: string;
  readonly platforms: PlatformSelection;
  readonly targets: TargetSelection;
  /** An older script pushed all of it: a run only looks whether it is there still. */
  readonly toAdopt: boolean;
  /** It was pushed, and is to be copied again whatever the targets seem to have. */
  readonly force: boolean;
}

/** Why something would not be done. */
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
   * `there`: nothing to do; `copy`: it lacks something; `unknown`: the source's manifests were not read, or only a Docker
   * daemon may look there; `refused`: it would not take the image, or could not be asked.
   */
  readonly state: 'there' | 'copy' | 'unknown' | 'refused';
  /** `host/repository:tag` */
  readonly reference?: string;
  /** The plain name of the image, which belongs to another image on this target. */
  readonly takenName?: string;
  /** Digest that the tag leads to now, and would no longer. */
  readonly replaces?: string;
  /** All of that stays part of it: platforms are added. */
  readonly extends?: true;
  readonly dropped: readonly { readonly digest: string; readonly reason: string }[];
  readonly there: PlannedBlobs;
  readonly mountable: PlannedBlobs;
  readonly sent: PlannedBlobs;
  /** What a person should know about the copy. */
  readonly note?: string;
  readonly fault?: PlannedFault;
}

/** What a sync would do for one image. */
export interface PlannedImage {
  readonly image: string;
  /** Canonical platforms, or `all`. */
  readonly platforms: readonly string[];
  /**
   * `there`: on every target already; `copy`: would be copied; `unread`: would be copied, what of it is not known, since
   * reading it would cost a pull; `adopt`: an older script pushed it, only looked for on the targets; `stopped`: the
   * source, or every target, is in the way.
   */
  readonly state: 'there' | 'copy' | 'unread' | 'adopt' | 'stopped';
  readonly sourceDigest?: string;
  readonly missingPlatforms: readonly string[];
  /** Reads that the source counts; of an unread image one at least. */
  readonly pulls: number;
  readonly bytesToRead: number;
  readonly targets: readonly PlannedTarget[];
  readonly fault?: PlannedFault;
}

/** An allowance, and what the plan would take of it. */
export interface PlannedAllowance extends PullAllowance {
  readonly host: string;
  readonly free: number;
  readonly needed: number;
}

/** A row that names no image: it would be blocked. */
export interface RefusedRow {
  readonly row: number;
  /** What its columns say, for people. */
  readonly text: string;
  readonly reason: string;
}

/** Takes a plan in as it is made: it may be longer than memory. */
export interface PlanSink {
  /** In the order of the images' first rows. */
  image(image: PlannedImage): void;
  /** After the images. */
  refusedRow(row: RefusedRow): void;
}

/** What a plan comes to, at its end. */
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
  /** Images that would be copied, and not to every target. */
  readonly incomplete: number;
  /** Rows that another program marked as pushed and the ferry never verified: they would be looked for on every target. */
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
