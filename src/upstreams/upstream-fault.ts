import { FerryError } from '../domain/ferry-error.js';
import type { Decision, FaultCode } from '../domain/ferry-error.js';

/** An upstream that cannot be read; the message names its address. */
export class UpstreamFault extends FerryError {
  /** The status of the response, if there was one. */
  readonly status?: number;

  constructor(
    message: string,
    {
      status,
      ...details
    }: {
      readonly code: FaultCode;
      readonly decision: Decision;
      readonly retryAfterMs?: number | undefined;
      readonly status?: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, details);
    if (status !== undefined) this.status = status;
  }
}
