/** What people and their commands see of the rows. */
import type { StateEvent } from '../domain/state-change.js';
import type { CopyState, RequestedBy } from '../domain/wanted-image.js';

export const WantedState = ['pending', 'pushed', 'blocked', 'withdrawn'] as const;
export type WantedState = (typeof WantedState)[number];

/** A row of `images_for_push`. */
export interface WantedEntry {
  readonly id: number;
  /** Canonical; what the row's columns say where they name no image. */
  readonly image: string;
  readonly platform: string;
  readonly state: WantedState;
  /** How the copies stand that a pending row was tried for and lacks: each state once, the gravest first. */
  readonly open?: readonly CopyState[];
  /** Why it is blocked, or not done yet. */
  readonly code?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly requestedBy?: RequestedBy;
  /** UTC milliseconds, as all times here. */
  readonly requestedAt?: number;
  readonly checkedAt?: number;
  readonly firstMissingAt?: number;
  readonly sourceDigest?: string;
  /** Names of the targets that this row is for; absent: all of them. */
  readonly targets?: readonly string[];
}

/** A row of `image_copies`. */
export interface CopyEntry {
  readonly image: string;
  readonly target: string;
  readonly state: CopyState;
  readonly code?: string;
  readonly reason?: string;
  /** `host/repository:tag` on the target. */
  readonly reference?: string;
  readonly digest?: string;
  readonly sourceDigest?: string;
  readonly attempts: number;
  readonly lastTriedAt: number;
  /** What the name led to before it was last pushed, and the name that keeps it. */
  readonly replaced?: string;
  readonly backup?: string;
  readonly dropped?: readonly { readonly digest: string; readonly reason: string }[];
}

/** A row of `pushed_images`, with what `pushed_platforms` knows of it. */
export interface PushedEntry {
  readonly id: number;
  /** Canonical source image; absent where an older script's row does not name one. */
  readonly image?: string;
  readonly name: string;
  readonly digest: string;
  readonly sourceDigest?: string;
  readonly platforms: readonly { readonly platform: string; readonly digest?: string; readonly size?: number }[];
  /** Another program alone says that it is there. */
  readonly unverified?: true;
  /** `YYYY-MM-DD HH:MM:SS`, UTC for what the ferry wrote. */
  readonly pushedAt?: string;
}

export interface ImageStatus {
  readonly image: string;
  readonly wanted: readonly WantedEntry[];
  readonly copies: readonly CopyEntry[];
  readonly pushed: readonly PushedEntry[];
  /** The newest 50 state changes of the image and its copies, the oldest of them first. */
  readonly events: readonly StateEvent[];
}

export interface Overview {
  /** Rows by state, without duplicates. */
  readonly wanted: Readonly<Record<WantedState, number>>;
  /** Of the pending ones, images that were tried and are waiting or have failed. */
  readonly waiting: number;
  /** Of the pending ones, rows that another program marked as pushed and the ferry never verified; absent: none. */
  readonly unverified?: number;
  /** Rows that another program wrote and no sync run has read yet, counted by their own `push_status`; absent: none. */
  readonly unread?: number;
  readonly targets: readonly {
    readonly target: string;
    readonly copies: Readonly<Partial<Record<CopyState, number>>>;
  }[];
  readonly blockedBy: readonly { readonly code: string; readonly rows: number }[];
  readonly lastRun?: RunReport;
}

export interface RunReport {
  readonly run: string;
  readonly reasons: readonly string[];
  readonly startedAt: number;
  readonly finishedAt?: number;
  /** What the run said of itself at its end. */
  readonly summary?: Readonly<Record<string, unknown>>;
  /** Images by what became of them. */
  readonly images: Readonly<Partial<Record<CopyState, number>>>;
  readonly bytesRead: number;
  readonly bytesSent: number;
}

export interface RunPage {
  readonly items: readonly RunReport[];
  /** Cursor of the next page; absent at the end. */
  readonly next?: string;
}

/** Something that a run did not do. */
export interface NotDoneEntry {
  readonly image: string;
  readonly target: string;
  readonly state: CopyState;
  readonly code: string;
  readonly reason: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** To go on with, absent at the end. */
  readonly next?: number;
}

export interface PageQuery {
  /** At most so many; default 1,000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: number;
}
