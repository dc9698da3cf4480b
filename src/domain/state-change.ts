/** How a wanted image, or its copy on one target, goes from one state to another. */
import type { FaultCode } from './ferry-error.js';
import type { CopyState } from './wanted-image.js';

/**
 * State of a wanted image: `waiting` and `retrying` are pending images that a run has tried, `blocked` needs a person.
 */
export type ImageState = 'pending' | 'waiting' | 'retrying' | 'blocked' | 'pushed' | 'withdrawn';

export interface StateChange {
  /** Canonical image; what the row's columns say where they name no image. */
  readonly image: string;
  /** Absent for the image as a whole. */
  readonly target?: string;
  /** Absent where the ferry knew nothing of it before. */
  readonly from?: ImageState | CopyState | undefined;
  readonly to: ImageState | CopyState;
  readonly code?: FaultCode | undefined;
  readonly reason?: string | undefined;
}

/** What made a state change. */
export type ChangeKind =
  /** A request for the image: new, or again. */
  | 'added'
  /** `ferry retry`: a person wants a blocked, waiting or pushed image again. */
  | 'retried'
  /** `ferry remove` */
  | 'removed'
  /** `ferry backfill`: a target that the image was not copied to gets it. */
  | 'backfill'
  /** A row of another program was read for the first time. */
  | 'normalized'
  /** Another program made a row pending again. */
  | 'reset'
  /** A run looked on the targets for what another program says that it pushed. */
  | 'adopted'
  /** A run recorded what became of an image. */
  | 'outcome'
  /** A mutable tag points to another digest at its source. */
  | 'tag-moved'
  /** Another image with the same tag on the targets is copied. */
  | 'shared-tag'
  /** An upstream announced a tag that was missing. */
  | 'tag-announced'
  /** An audit found that a target lost a copy: its tag, a manifest or a blob. */
  | 'drift-lost'
  /** An audit found that the tag of a copy points to something else on its target. */
  | 'drift-changed'
  /** A copy that an audit had found lost or changed is right again. */
  | 'healed'
  /** `ferry rollback`: the tag on a target points to an earlier copy, and is held there. */
  | 'rolled-back'
  /** `ferry release`: the hold of a rollback ended. */
  | 'released';

export interface ChangeCause {
  readonly kind: ChangeKind;
  /** UTC milliseconds by the database's clock. */
  readonly at: number;
  readonly run?: string | undefined;
  /** Who requested it, such as `cli` or `webhook ID`. */
  readonly who?: string | undefined;
}

/** A state change as `events` keeps it. */
export interface StateEvent extends StateChange, ChangeCause {
  /** Ascending in the order of the changes. */
  readonly id: number;
}

/**
 * State of an image by the states of its copies that are not on their target: blocked only if no copy will be tried again.
 * The one place that decides it, for rows and for reports.
 *
 * @returns undefined when no state is an open one
 */
export function openState(states: readonly string[]): 'retrying' | 'waiting' | 'blocked' | undefined {
  return (['retrying', 'waiting', 'blocked'] as const).find((state) => states.includes(state));
}
