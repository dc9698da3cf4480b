import type { HandledRelease } from '../domain/upstream-state.js';
import type { FetchScope } from '../domain/upstream.js';

export interface UpstreamCheckOptions {
  /** Absent: nothing was handled before. */
  readonly handled?: HandledRelease | undefined;
  /** Check the newest release even if it was handled: it was requested, or the configuration has changed. */
  readonly again?: boolean | undefined;
  /** Absent: the upstream's own. */
  readonly scope?: FetchScope | undefined;
  readonly signal?: AbortSignal | undefined;
}
