/**
 * What the ferry does after a fault:
 * - `retry`: the same step may work in a moment (a reset connection, a 503);
 * - `wait`: it will work later without any action (a tag not published yet, a rate limit), see `retryAfterMs`;
 * - `block`: it cannot work until someone acts (a wrong password, a repository that does not exist).
 *
 * An error that is not a {@link FerryError} is a bug.
 */
export type Decision = 'retry' | 'wait' | 'block';

/** Every reason the ferry gives for something that was not done. These words are stored in rows and shown to people. */
export type FaultCode =
  | 'invalid-reference'
  | 'invalid-platform'
  /** A row of `images_for_push` with an invalid status or ID. */
  | 'invalid-row'
  | 'tag-missing'
  | 'repository-missing'
  | 'platform-missing'
  | 'unauthorized'
  | 'denied'
  | 'unreachable'
  | 'tls'
  | 'private-address'
  | 'rate-limited'
  | 'server-error'
  | 'stalled'
  | 'source-corrupt'
  | 'target-corrupt'
  | 'target-full'
  | 'quota'
  | 'manifest-refused'
  | 'manifest-policy'
  | 'manifest-unsupported'
  | 'manifest-too-large'
  | 'blob-too-large'
  | 'tag-immutable'
  | 'protocol'
  | 'credentials'
  | 'target-name'
  /** Another reference to the same repository and tag was added first and points to other content. */
  | 'target-tag-taken'
  /** Another run is copying the image. */
  | 'busy'
  /** Its workflow was cancelled. */
  | 'cancelled'
  /** A repository, file or tag of an upstream no longer exists. */
  | 'upstream-missing'
  /** An upstream returned an unexpected response. */
  | 'upstream-format'
  | 'configuration'
  | 'database'
  | 'temporal'
  | 'internal';

export interface FaultDetails {
  readonly code: FaultCode;
  readonly decision: Decision;
  /** How long to wait in milliseconds, if the other side announced it; clamped to between a second and a day. */
  readonly retryAfterMs?: number;
  /** Whether the fault may be temporary; default: true unless the decision is `block`. */
  readonly mayHeal?: boolean;
  /** Set if the whole host is affected: the reason without a repository, for the other images that are skipped because of it. */
  readonly hostReason?: string;
  readonly cause?: unknown;
}

// Some servers send 0, or a date in another century. Neither may cause a busy loop or stop the ferry.
const shortestRetryAfterMs = 1_000;
const longestRetryAfterMs = 24 * 60 * 60 * 1_000;

/** Base class of all expected faults. The message is for users, the fields are for programs; neither contains a secret. */
export class FerryError extends Error {
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly retryAfterMs?: number;
  /** Whether a step that fails only because of this should be retried until it works. */
  readonly mayHeal: boolean;
  readonly hostReason?: string;

  constructor(message: string, { code, decision, retryAfterMs, mayHeal, hostReason, cause }: FaultDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    letGoOfFrames(this);
    letGoOfFrames(cause);
    this.code = code;
    this.decision = decision;
    this.mayHeal = mayHeal ?? decision !== 'block';
    if (hostReason !== undefined) this.hostReason = hostReason;
    if (retryAfterMs !== undefined) {
      this.retryAfterMs = Math.min(Math.max(retryAfterMs, shortestRetryAfterMs), longestRetryAfterMs);
    }
  }
}

/**
 * V8 keeps the values of the stack frames alive until the stack is read for the first time. Without this, collected faults
 * would keep the manifests of their images in memory.
 */
function letGoOfFrames(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

/** Invalid text that a person typed or that a row contains. */
export class InvalidInput extends FerryError {
  constructor(message: string, code: 'invalid-reference' | 'invalid-platform' | 'target-name' | 'configuration') {
    super(message, { code, decision: 'block' });
  }
}
