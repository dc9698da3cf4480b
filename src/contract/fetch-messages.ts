import type { UpstreamFinding } from '../domain/upstream-finding.js';
import type { FetchScope } from '../domain/upstream.js';

export interface FetchInput {
  /** Default: the upstream's own scope. If it is set, the newest release is checked even if it was handled before. */
  readonly scope?: FetchScope | undefined;
}

export interface FetchUpstreamInput extends FetchInput {
  /** An upstream of `ferry.yaml`, or a built-in one. */
  readonly name: string;
}

/** The result for one image and one platform. */
export interface FetchedImage {
  readonly image: string;
  readonly platform: string;
  /**
   * `added`: a new row; `renewed`: was blocked because its tag was missing, pending again; `refused`: not recorded, for the
   * given reason; for all others an existing row did not change.
   */
  readonly outcome: 'added' | 'renewed' | 'already-pending' | 'already-pushed' | 'blocked' | 'withdrawn' | 'refused';
  readonly reason?: string | undefined;
}

export interface FetchResult extends Omit<UpstreamFinding, 'wanted' | 'etag'> {
  readonly upstream: string;
  readonly wanted: readonly FetchedImage[];
  readonly syncRequested: boolean;
}

/** Which check of an upstream: for its record. Started by the workflow's clock, UTC milliseconds. */
export interface UpstreamCheckIdentity {
  readonly id: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: number;
}
