import type { ReleaseFile } from '../domain/release-file.js';
import type { HandledRelease } from '../domain/upstream-state.js';
import type { FetchScope } from '../domain/upstream.js';

export interface UpstreamCheckOptions {
  /** Absent: no release was handled before. */
  readonly handled?: HandledRelease | undefined;
  /** Check the newest release even if it was handled, because it was requested or the configuration has changed. */
  readonly again?: boolean | undefined;
  /** Absent: the upstream's own scope. */
  readonly scope?: FetchScope | undefined;
  /** Called for each release that is read, the newest first. */
  readonly keep?: ((release: ReleaseFile) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
