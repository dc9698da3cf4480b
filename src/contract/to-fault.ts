import { FerryError } from '../domain/ferry-error.js';
import { visibleLines } from '../domain/visible-text.js';
import type { Fault } from './activity-types.js';

/** Converts a `FerryError` to a serializable value; undefined for every other error. */
export function toFault(error: unknown): Fault | undefined {
  if (!(error instanceof FerryError)) return undefined;
  const { code, decision, message, retryAfterMs } = error;
  return { code, decision, reason: visibleLines(message), retryAfterMs };
}

/**
 * The fault of a source or a target.
 *
 * @throws the signal's reason if it is aborted; an error that says nothing about them: a bug, or one of the database
 */
export function faultOrThrow(error: unknown, signal: { throwIfAborted(): void }): Fault {
  signal.throwIfAborted();
  const fault = toFault(error);
  if (fault === undefined || fault.code === 'database') throw error;
  return fault;
}
