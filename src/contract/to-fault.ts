import { FerryError } from '../domain/ferry-error.js';
import { visibleLines } from '../domain/visible-text.js';
import type { Fault } from './activity-types.js';

/** Converts a `FerryError` to a serializable value; undefined for every other error. */
export function toFault(error: unknown): Fault | undefined {
  if (!(error instanceof FerryError)) return undefined;
  const { code, decision, message, retryAfterMs } = error;
  return { code, decision, reason: visibleLines(message), retryAfterMs };
}
