/**
 * What the ferry does next about a fault:
 * - `retry`: the same step may work in a moment (a reset connection, a 503);
 * - `wait`: it will work later by itself (a tag not published yet, a rate limit), see `retryAfterMs`;
 * - `block`: it cannot work until a person acts (a wrong password, a repository that does not exist).
 *
 * A fault that is not a {@link FerryError} is a bug, and is treated as one.
 */
export type Decision = 'retry' | 'wait' | 'block';

/** Every reason the ferry gives for something that was not done. These words are stored in rows and shown to people. */
export type FaultCode =
  | 'invalid-reference'
  | 'invalid-platform'
  /** A row of `images_for_push` whose status or id cannot be worked with. */
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
  /** Another reference to the same repository and tag was wanted first, and leads to something else. */
  | 'target-tag-taken'
  /** Another run is copying the image. */
  | 'busy'
  /** Its workflow was cancelled. */
  | 'cancelled'
  /** A repository, file or tag of an upstream is not where it was. */
  | 'upstream-missing'
  /** An upstream answered something else than what it has to. */
  | 'upstream-format'
  | 'configuration'
  | 'database'
  | 'temporal'
  | 'internal';

export interface FaultDetails {
  readonly code: FaultCode;
  readonly decision: Decision;
  /** How long to wait, in milliseconds, when the other side said so; brought between a second and a day. */
  readonly retryAfterMs?: number;
  /** Whether it may pass by itself after all; absent: unless it is blocked. */
  readonly mayHeal?: boolean;
  /** What is wrong with the whole host, where it is: in words that name no repository, for others that are left for it. */
  readonly hostReason?: string;
  readonly cause?: unknown;
}

// Servers say 0 and mean "whenever", or send a date of another century: neither may spin or stop the ferry.
const shortestRetryAfterMs = 1_000;
const longestRetryAfterMs = 24 * 60 * 60 * 1_000;

/** The one base of every expected fault. The message is for people, the fields are for programs; neither holds a secret. */
export class FerryError extends Error {
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly retryAfterMs?: number;
  /** Whether a step that only this stands in the way of is to be tried until it works. */
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
 * V8 keeps what the functions on the stack worked on until the stack is read for the first time: faults that are collected
 * would keep the manifests of their images in memory.
 */
function letGoOfFrames(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

/** Something that a person typed, or a row holds, that cannot mean anything. */
export class InvalidInput extends FerryError {
  constructor(message: string, code: 'invalid-reference' | 'invalid-platform' | 'target-name' | 'configuration') {
    super(message, { code, decision: 'block' });
  }
}
