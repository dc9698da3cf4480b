/**
 * `ApplicationFailure.type` of errors from activities. A `FerryError` has its `FaultCode` as type and `{decision,
 * retryAfterMs}` as details; any other error is a bug and keeps its own name.
 */
export const bugAttempts = 5;

export interface FaultDetail {
  readonly decision: 'retry' | 'wait' | 'block' | 'bug';
  readonly retryAfterMs?: number | undefined;
}
