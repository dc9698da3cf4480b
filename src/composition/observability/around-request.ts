import { parseTraceParent } from '../../domain/trace-parent.js';
import { requestIdOf } from '../../observability/context/request-id.js';
import { inContext } from '../../observability/context/work-context.js';
import { inSpan } from '../../observability/tracing/in-span.js';
import type { Tracing } from '../../observability/tracing/tracing.js';
import type { AroundRequest } from '../../server/around-request.js';

/** Handles each request of the server with its ID, and in a span of the sender's trace. */
export function aroundRequest(tracing: Tracing | undefined): AroundRequest {
  return async ({ method, requestId: given, traceparent }, respond) => {
    const requestId = requestIdOf(given);
    const trace = parseTraceParent(traceparent) === undefined ? undefined : traceparent;
    const start = { name: method, kind: 'server', attributes: { 'http.request.method': method } } as const;
    await inContext({ requestIds: [requestId], trace }, async () => {
      await inSpan(
        tracing,
        start,
        async () => await respond(requestId),
        ({ route, status }) => ({
          name: `${method} ${route}`,
          attributes: { 'http.route': route, 'http.response.status_code': status },
          error: status >= 500 ? String(status) : undefined,
        }),
      );
    });
  };
}
