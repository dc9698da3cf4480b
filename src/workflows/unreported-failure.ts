import { isCancellation } from '@temporalio/workflow';

import { errorMessage } from '../domain/error-message.js';
import type { FaultCode } from '../domain/ferry-error.js';

/** Why a workflow ended without recording an outcome. */
export interface UnreportedFailure {
  readonly state: 'waiting' | 'retrying';
  readonly code: FaultCode;
  readonly reason: string;
}

/** @param error of the child that copied the image */
export function unreportedFailure(error: unknown): UnreportedFailure {
  if (isCancellation(error)) {
    const reason = 'its workflow was cancelled; the next run retries';
    return { state: 'waiting', code: 'cancelled', reason };
  }
  return { state: 'retrying', code: 'internal', reason: `the workflow of this image failed: ${rootMessage(error)}` };
}

/** The message of the innermost cause of a Temporal failure. */
export function rootMessage(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return errorMessage(current);
}
