import { isGrpcServiceError, ServiceError } from '@temporalio/client';

import { FerryError } from '../domain/ferry-error.js';

/**
 * Makes errors of a request retryable until Temporal accepts it. @throws FerryError `temporal` (retry) if it does not
 * accept it now
 */
export async function withTemporalErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isOfTemporal(error)) throw error;
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new FerryError(`Temporal did not accept the request: ${reason}`, {
      code: 'temporal',
      decision: 'retry',
      cause: error,
    });
  }
}

export function isOfTemporal(error: unknown): boolean {
  return error instanceof ServiceError || isGrpcServiceError(error);
}
