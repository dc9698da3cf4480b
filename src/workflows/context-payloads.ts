import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';

import { ContextHeader, mostRequestIds } from '../contract/context-headers.js';
import type { CarriedContext } from '../contract/context-headers.js';
import { parseTraceParent } from '../domain/trace-parent.js';

/** The context as headers of Temporal. */
export function headersOf({ requestIds, trace }: CarriedContext): Headers {
  const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
  return {
    ...(trace === undefined ? {} : { [ContextHeader.trace]: payload({ traceparent: trace }) }),
    ...(requestIds.length === 0 ? {} : { [ContextHeader.requests]: payload(requestIds) }),
  };
}

/** The context in headers of Temporal, which can come from any client; what is not in its form is left out. */
export function contextOf(headers: Headers): CarriedContext {
  const carrier = read(headers, ContextHeader.trace);
  const given = typeof carrier === 'object' && carrier !== null && 'traceparent' in carrier ? carrier.traceparent : '';
  const ids = read(headers, ContextHeader.requests);
  return {
    requestIds: Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(-mostRequestIds) : [],
    trace: typeof given === 'string' && parseTraceParent(given) !== undefined ? given : undefined,
  };
}

function read(headers: Headers, name: string): unknown {
  const payload = headers[name];
  if (payload === undefined) return undefined;
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    return undefined;
  }
}
