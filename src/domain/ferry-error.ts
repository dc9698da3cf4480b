import { CodedError, InvalidInputError } from '@image-ferry/registry/errors';
import type { CodedErrorClass, InvalidInputClass, RegistryErrorCode } from '@image-ferry/registry/errors';

export type { Decision } from '@image-ferry/registry/errors';

/** Every reason the ferry gives for something that was not done. These words are stored in rows and shown to people. */
export type FaultCode =
  | RegistryErrorCode
  /** A row of `images_for_push` with an invalid status or ID. */
  | 'invalid-row'
  /** Another reference to the same repository and tag was added first and points to other content. */
  | 'target-tag-taken'
  /** An audit found that a target lost the tag of a copy, or its manifest. */
  | 'copy-lost'
  /** An audit found that the tag of a copy points to something else on its target. */
  | 'copy-changed'
  /** An audit found that a target cannot deliver a manifest or blob below the tag of a copy. */
  | 'copy-incomplete'
  /** A rollback was requested, and waits for a sync run. */
  | 'rollback-pending'
  /** No registry has what a tag is to be rolled back to. */
  | 'rollback-impossible'
  /** Another run is copying the image. */
  | 'busy'
  /** Its workflow was cancelled. */
  | 'cancelled'
  /** A repository, file or tag of an upstream no longer exists. */
  | 'upstream-missing'
  /** An upstream returned an unexpected response. */
  | 'upstream-format'
  | 'database'
  | 'temporal'
  | 'internal';

/** They say that a registry itself does not answer, whatever the image. */
export const awayCodes = ['unreachable', 'tls'] as const satisfies readonly FaultCode[];

/**
 * Base class of all expected faults, including those of the registry client. An error that is not a FerryError is a bug. The
 * message is for users, the fields are for programs; neither contains a secret.
 */
export const FerryError: CodedErrorClass<FaultCode> = CodedError;
export type FerryError = CodedError<FaultCode>;

type InputCode = 'invalid-reference' | 'invalid-platform' | 'target-name' | 'configuration';

/** Invalid text that a person typed or that a row contains. */
export const InvalidInput: InvalidInputClass<InputCode> = InvalidInputError;
export type InvalidInput = InvalidInputError<InputCode>;
