import type { FetchScope } from '../domain/upstream.js';

/** What is known of the release that was handled last. */
export interface HandledRelease {
  readonly release?: string;
  /** Of the listing that it was found in; absent when that may not be relied on. */
  readonly etag?: string;
}

export interface UpstreamCheckOptions {
  /** Absent: nothing was handled before. */
  readonly handled?: HandledRelease;
  /** Look at the newest release even if it was handled: somebody asks, or the configuration has changed. */
  readonly again?: boolean;
  /** Absent: the upstream's own. */
  readonly scope?: FetchScope;
  readonly signal?: AbortSignal;
}
