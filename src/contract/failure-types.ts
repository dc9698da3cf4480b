/**
 * `ApplicationFailure.type` of what activities throw. A fault that the ferry knows has its `FaultCode` as its type and
 * `{decision, retryAfterMs}` as its details; whatever else is a bug, and keeps the error's own name.
 */
export const BUG_ATTEMPTS = 5;

export interface FaultDetail {
  readonly decision: 'retry' | 'wait' | 'block' | 'bug';
  readonly retryAfterMs?: number;
}
