import type { InjectedSinks } from '@temporalio/worker';

import type { TraceSinks } from '../../contract/context-headers.js';
import type { Tracing } from '../../observability/tracing/tracing.js';

/**
 * Takes the spans of workflows that have ended, which are not sent again in a replay. A worker without traces has it too:
 * a client may have sent a trace, and Temporal reports a missing sink as an error.
 */
export function traceSinks(tracing: Tracing | undefined): InjectedSinks<TraceSinks> {
  return { trace: { spanEnded: { fn: (_info, span) => tracing?.record(span), callDuringReplay: false } } };
}
