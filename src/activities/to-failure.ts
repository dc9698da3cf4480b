import { ApplicationFailure } from '@temporalio/common';

import { bugAttempts } from '../contract/failure-types.js';
import type { FaultDetail } from '../contract/failure-types.js';
import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';
import { visibleLines } from '../domain/visible-text.js';

/**
 * The one place where errors become failures. What the ferry knows carries its decision; anything else is a bug, tried
 * a few times, since the first of them may be a library's passing trouble, and then shown.
 *
 * @param attempt of the activity, from 1
 */
export function toFailure(error: unknown, attempt: number): unknown {
  // Cancellation has to stay what it is: the SDK recognises it by its own classes.
  if (error instanceof Error && (error.name === 'CancelledFailure' || error.name === 'AbortError')) return error;
  if (error instanceof ApplicationFailure) return error;

  if (error instanceof FerryError) {
    const { code, decision, message, retryAfterMs } = error;
    const detail: FaultDetail = { decision, retryAfterMs };
    return ApplicationFailure.create({
      type: code,
      message: visibleLines(message),
      nonRetryable: !error.mayHeal,
      details: [detail],
      ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
    });
  }

  const detail: FaultDetail = { decision: 'bug' };
  return ApplicationFailure.create({
    type: error instanceof Error ? error.name : 'Unknown',
    message: visibleLines(errorMessage(error)),
    nonRetryable: attempt >= bugAttempts,
    details: [detail],
    ...(error instanceof Error ? { cause: withoutCause(error) } : {}),
  });
}

/** The stack helps; what a library hung below it may hold a request with its headers. */
function withoutCause(error: Error): Error {
  const bare = new Error(visibleLines(error.message));
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = visibleLines(error.stack);
  return bare;
}
