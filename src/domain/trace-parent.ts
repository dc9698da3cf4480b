/** W3C Trace Context, `traceparent` of version 00: which span of which trace something is part of. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Undefined for what is not one: senders may write anything. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const [, traceId = '', spanId = '', flags = ''] = form.exec(text ?? '') ?? [];
  if (traceId === '' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function printTraceParent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/**
 * The span ID of a workflow run: the end of its run ID, which is random. A workflow computes it without a random number
 * of its own, which would change what it does in a replay.
 */
export function spanIdOfRun(runId: string): string | undefined {
  const digits = runId.replaceAll('-', '').slice(-16);
  return /^[0-9a-f]{16}$/.test(digits) && !/^0+$/.test(digits) ? digits : undefined;
}
