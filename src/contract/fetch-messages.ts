import type { UpstreamFinding } from '../domain/upstream-finding.js';
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
   * `added`: a new row; `renewed`: was blocked because its tag was missing, pending again; the others were there before
   * and stay as they are. `refused`: no row was made, for the reason given.
   */
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'already-pushed' | 'blocked' | 'withdrawn' | 'refused';
  readonly reason?: string;
}

export interface FetchResult extends Omit<UpstreamFinding, 'wanted' | 'etag'> {
  readonly upstream: string;
  readonly wanted: readonly FetchedImage[];
  readonly syncRequested: boolean;
}
