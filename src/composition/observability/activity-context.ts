import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';

import { inContext } from '../../observability/context/work-context.js';
import { inSpan } from '../../observability/tracing/in-span.js';
import type { SpanAttributes, Tracing } from '../../observability/tracing/tracing.js';
import { contextOf } from '../../workflows/context-payloads.js';

/** Gives an activity the request IDs and the trace of its workflow, and its log lines the IDs. */
export function activityContext(tracing: Tracing | undefined): ActivityInterceptorsFactory {
  return (context) => {
    let requestId: string | undefined;
    const interceptors: ActivityInterceptors = {
      inbound: {
        async execute(input, next) {
          const given = contextOf(input.headers);
          if (given.requestIds.length > 0) requestId = given.requestIds.join(',');
          const name = `activity ${context.info.activityType}`;
          const attributes = attributesOf(context, input.args);
          return await inContext(
            given,
            async () => await inSpan(tracing, { name, kind: 'internal', attributes }, async () => await next(input)),
          );
        },
      },
      outbound: {
        getLogAttributes: (input, next) => next(requestId === undefined ? input : { ...input, requestId }),
      },
    };
    return interceptors;
  };
}

function attributesOf({ info }: Context, args: readonly unknown[]): SpanAttributes {
  const { workflowExecution, activityId, attempt } = info;
  return {
    'temporal.workflow_id': workflowExecution?.workflowId,
    'temporal.run_id': workflowExecution?.runId,
    'temporal.activity_id': activityId,
    'temporal.attempt': attempt,
    'ferry.image': imageOf(args[0]),
  };
}

/** Canonical references: they contain no password. */
function imageOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('image' in input)) return undefined;
  return typeof input.image === 'string' ? input.image : undefined;
}
