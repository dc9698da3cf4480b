/**
 * What to do after an error:
 * - `retry`: the same step may work in a moment (a reset connection, a 503);
 * - `wait`: it will work later without any action (a tag not published yet, a rate limit), see `retryAfterMs`;
 * - `block`: it cannot work until someone acts (a wrong password, a repository that does not exist).
 */
export type Decision = 'retry' | 'wait' | 'block';

/** Every reason for which this package does not do something. Programs may store these words and compare with them. */
export type RegistryErrorCode =
  /** A text that is no reference or no digest. */
  | 'invalid-reference'
  | 'invalid-platform'
  | 'tag-missing'
  | 'repository-missing'
  | 'platform-missing'
  /** The registry wants credentials, or other ones (401). */
  | 'unauthorized'
  /** The credentials are right, and the account may not do this (403). */
  | 'denied'
  | 'unreachable'
  | 'tls'
  /** A host resolves to a private or loopback address, and is not trusted. */
  | 'private-address'
  | 'rate-limited'
  | 'server-error'
  /** No byte moved for too long. */
  | 'stalled'
  /** The source has other bytes than its manifest says, or not all of them. */
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
  /** The tag that would keep what a tag pointed to points to something else. */
  | 'backup-tag-taken'
  /** An answer that the OCI specification does not allow. */
  | 'protocol'
  /** Stored credentials that cannot be read. */
  | 'credentials'
  /** The registry does not accept the repository's name. */
  | 'target-name'
  /** A setting of the client, such as its proxy. */
  | 'configuration';

/**
 * Details of a {@link CodedError}.
 *
 * @typeParam Code the reasons that an error may have
 */
export interface CodedErrorDetails<Code extends string> {
  readonly code: Code;
  readonly decision: Decision;
  /** How long to wait in milliseconds, if the other side announced it; clamped to between a second and a day. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the error may be temporary; default: true unless the decision is `block`. */
  readonly mayHeal?: boolean | undefined;
  /** Set if the whole host is affected: the reason without a repository, for the other images that are skipped because of it. */
  readonly hostReason?: string | undefined;
  readonly cause?: unknown;
}

/** Details of a {@link RegistryError}. */
export type RegistryErrorDetails = CodedErrorDetails<RegistryErrorCode>;

// Some servers send 0, or a date in another century. Neither may cause a busy loop or stop the caller.
const shortestRetryAfterMs = 1_000;
const longestRetryAfterMs = 24 * 60 * 60 * 1_000;

/**
 * Base class of all expected errors. The message is for users, the fields are for programs; neither contains a secret.
 * A program with reasons of its own builds its error class on it: `export const MyError: CodedErrorClass<MyCode> =
 * CodedError`. `instanceof` then finds the errors of both.
 *
 * @typeParam Code the reasons that an error may have
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly decision: Decision;
  /** In milliseconds, between a second and a day; absent where the other side did not say. */
  readonly retryAfterMs?: number | undefined;
  /** Whether a step that fails only because of this should be retried until it works. */
  readonly mayHeal: boolean;
  readonly hostReason?: string | undefined;

  constructor(message: string, { code, decision, retryAfterMs, mayHeal, hostReason, cause }: CodedErrorDetails<Code>) {
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

/** {@link CodedError} with certain reasons: what `new`, `extends` and `instanceof` need. */
export interface CodedErrorClass<Code extends string> {
  new (message: string, details: CodedErrorDetails<Code>): CodedError<Code>;
  readonly prototype: CodedError<Code>;
}

/** The one base of every error of this package. */
export const RegistryError: CodedErrorClass<RegistryErrorCode> = CodedError;
export type RegistryError = CodedError<RegistryErrorCode>;

/** A text that cannot mean anything; never retried. */
export class InvalidInputError<Code extends string = string> extends CodedError<Code> {
  constructor(message: string, code: Code) {
    super(message, { code, decision: 'block' });
  }
}

/** {@link InvalidInputError} with certain reasons. */
export interface InvalidInputClass<Code extends string> {
  new (message: string, code: Code): InvalidInputError<Code>;
  readonly prototype: InvalidInputError<Code>;
}

/** A text that is no reference, digest or platform. */
export const InvalidInput: InvalidInputClass<'invalid-reference' | 'invalid-platform'> = InvalidInputError;
export type InvalidInput = InvalidInputError<'invalid-reference' | 'invalid-platform'>;

/**
 * V8 keeps the values of the stack frames alive until the stack is read for the first time. Without this, collected errors
 * would keep the manifests of their images in memory.
 */
function letGoOfFrames(error: unknown): void {
  if (error instanceof Error) void error.stack;
}
