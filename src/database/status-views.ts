/** Views of the rows for users and commands. */
import type { DriftKind } from '../domain/audit.js';
import type { StateEvent } from '../domain/state-change.js';
import type { CopyState, RequestedBy } from '../domain/wanted-image.js';
import type { AuditReport } from './audits/audit-views.js';

export const WantedState = ['pending', 'pushed', 'blocked', 'withdrawn'] as const;
export type WantedState = (typeof WantedState)[number];

/** A row of `images_for_push`. */
export interface WantedEntry {
  readonly id: number;
  /** Canonical; the text of the row's columns if they do not identify an image. */
  readonly image: string;
  readonly platform: string;
  readonly state: WantedState;
  /** States of the missing copies of a pending row that was tried, without duplicates, the most severe first. */
  readonly open?: readonly CopyState[];
  /** Why it is blocked or not completed yet. */
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  readonly requestedBy?: RequestedBy | undefined;
  /** UTC milliseconds, as all times here. */
  readonly requestedAt?: number | undefined;
  readonly checkedAt?: number | undefined;
  readonly firstMissingAt?: number | undefined;
  readonly sourceDigest?: string | undefined;
  /** Names of the targets that this row is for; absent: all of them. */
  readonly targets?: readonly string[] | undefined;
}

/** A row of `image_copies`. */
export interface CopyEntry {
  readonly image: string;
  readonly target: string;
  readonly state: CopyState;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  /** `host/repository:tag` on the target. */
  readonly reference?: string | undefined;
  readonly digest?: string | undefined;
  readonly sourceDigest?: string | undefined;
  readonly attempts: number;
  readonly lastTriedAt: number;
  /** The digest that the last push replaced, and the name of its backup. */
  readonly replaced?: string | undefined;
  readonly backup?: string | undefined;
  readonly dropped?: readonly { readonly digest: string; readonly reason: string }[];
  /** What an audit found wrong with it. */
  readonly drift?: DriftKind | undefined;
  /** A rollback holds its tag at this digest: nothing is copied over it. */
  readonly held?: { readonly digest: string; readonly at?: number | undefined; readonly by?: string | undefined };
  /** A rollback to this digest was requested, and not made yet. */
  readonly rollbackTo?: string | undefined;
}

/** A row of `pushed_images` with its `pushed_platforms`. */
export interface PushedEntry {
  readonly id: number;
  /** Canonical source image; absent if an older script's row does not identify one. */
  readonly image?: string;
  readonly name: string;
  readonly digest: string;
  readonly sourceDigest?: string | undefined;
  readonly platforms: readonly { readonly platform: string; readonly digest?: string; readonly size?: number }[];
  /** Only another program recorded it; the ferry has not verified it. */
  readonly unverified?: true;
  /** `YYYY-MM-DD HH:MM:SS`, UTC for what the ferry wrote. */
  readonly pushedAt?: string | undefined;
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
  /** Pending images that were tried and are waiting, retrying or blocked on a target. */
  readonly waiting: number;
  /** Pending rows that another program marked as pushed and the ferry never verified; absent: none. */
  readonly unverified?: number;
  /** Rows that another program wrote and no sync run has read yet, counted by their own `push_status`; absent: none. */
  readonly unread?: number | undefined;
  readonly targets: readonly {
    readonly target: string;
    readonly copies: Readonly<Partial<Record<CopyState, number>>>;
  }[];
  readonly blockedBy: readonly { readonly code: string; readonly rows: number }[];
  readonly lastRun?: RunReport | undefined;
  readonly lastAudit?: AuditReport | undefined;
  /** Tags that rollbacks hold; absent: none. */
  readonly held?: number | undefined;
}

export interface RunReport {
  readonly run: string;
  readonly reasons: readonly string[];
  readonly startedAt: number;
  readonly finishedAt?: number | undefined;
  /** The result that the run recorded at its end. */
  readonly summary?: Readonly<Record<string, unknown>> | undefined;
  /** Number of images by state. */
  readonly images: Readonly<Partial<Record<CopyState, number>>>;
  readonly bytesRead: number;
  readonly bytesSent: number;
}

export interface RunPage {
  readonly items: readonly RunReport[];
  /** Cursor of the next page; absent at the end. */
  readonly next?: string | undefined;
}

/** An image or target that a run did not complete. */
export interface NotDoneEntry {
  readonly image: string;
  readonly target: string;
  readonly state: CopyState;
  readonly code: string;
  readonly reason: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Position of the next page; absent at the end. */
  readonly next?: number | undefined;
}

export interface PageQuery {
  /** Maximum number of items; default 1,000. */
  readonly limit?: number;
  /** `next` of the previous page. */
  readonly after?: number | undefined;
}
