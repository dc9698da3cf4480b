import type { ImageChange, ServiceChange, Skipped } from '../domain/upstream-finding.js';
import type { FetchScope } from '../domain/upstream.js';

export interface FetchInput {
  /** Absent: the upstream's own. Given, the newest release is looked at even if it was handled before. */
  readonly scope?: FetchScope;
}

export interface FetchUpstreamInput extends FetchInput {
  /** An upstream of `ferry.yaml`, or a built-in one. */
  readonly name: string;
}

/** What became of one wanted image for one platform. */
export interface FetchedImage {
  readonly image: string;
  readonly platform: string;
  /**
   * `added`: a new row; `renewed`: was parked because its tag was missing, pending again; the others were there before
   * and stay as they are. `refused`: no row was made, for the reason given.
   */
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'already-pushed' | 'parked' | 'withdrawn' | 'refused';
  readonly reason?: string;
}

export interface FetchResult {
  readonly upstream: string;
  /** Newest release; of a registry's tags, the newest that fits. */
  readonly release?: string;
  /** The release that it was compared with. */
  readonly previous?: string;
  /** False: this release was handled before, and no row was touched. */
  readonly isNew: boolean;
  readonly added: readonly ImageChange[];
  readonly changed: readonly ImageChange[];
  readonly removed: readonly ImageChange[];
  /** Images that are the same in both releases. */
  readonly unchanged: number;
  readonly services: readonly ServiceChange[];
  readonly wanted: readonly FetchedImage[];
  readonly skipped: readonly Skipped[];
  readonly notes: readonly string[];
  readonly syncRequested: boolean;
}
