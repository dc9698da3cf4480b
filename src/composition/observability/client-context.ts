import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Headers } from '@temporalio/common';

import { currentContext } from '../../observability/context/work-context.js';
import { inSpan } from '../../observability/tracing/in-span.js';
import type { Tracing } from '../../observability/tracing/tracing.js';
import { headersOf } from '../../workflows/context-payloads.js';

/** Gives the caller's request ID and trace to the workflows that it starts and signals. */
export function clientContext(tracing: Tracing | undefined): WorkflowClientInterceptor {
  return {
    startWithDetails: async (input, next) =>
      await sent(
        `start ${input.workflowType}`,
        input.headers,
        async (headers) => await next({ ...withMemo(input), headers }),
      ),
    signalWithStart: async (input, next) =>
      await sent(
        `signal ${input.workflowType}.${input.signalName}`,
        input.headers,
        async (headers) => await next({ ...withMemo(input), headers }),
      ),
    signal: async (input, next) =>
      await sent(`signal ${input.signalName}`, input.headers, async (headers) => await next({ ...input, headers })),
  };

  async function sent<T>(name: string, given: Headers, send: (headers: Headers) => Promise<T>): Promise<T> {
    return await inSpan(
      tracing,
      { name, kind: 'producer' },
      async () => await send({ ...given, ...headersOf(currentContext()) }),
    );
  }
}

/** Temporal's pages show the memo of a workflow: so a request ID leads from a log to it. */
function withMemo<T extends { readonly options: { readonly memo?: Record<string, unknown> | undefined } }>(
  input: T,
): T {
  const { requestIds } = currentContext();
  if (requestIds.length === 0) return input;
  return { ...input, options: { ...input.options, memo: { ...input.options.memo, requestId: requestIds.join(',') } } };
}
