import { isCancellation, proxySinks, workflowInfo } from '@temporalio/workflow';
import type {
  Headers,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';

import { mostRequestIds } from '../contract/context-headers.js';
import type { CarriedContext, TraceSinks, WorkflowSpan } from '../contract/context-headers.js';
import { parseTraceParent, printTraceParent, spanIdOfRun } from '../domain/trace-parent.js';
import { contextOf, headersOf } from './context-payloads.js';

const { trace } = proxySinks<TraceSinks>();

/**
 * Carries request IDs and the trace of a request from the start of a workflow, and from its signals, to the activities and
 * workflows that it starts. Every worker has them, with traces or without: no interceptor awaits anything, so commands
 * come in the order in which they come without them, and histories replay either way.
 */
export function interceptors(): WorkflowInterceptors {
  const context = new WorkflowContext();
  return { inbound: [inbound(context)], outbound: [outbound(context)] };
}

/** What a workflow run passes on. */
class WorkflowContext {
  #requests: readonly string[] = [];
  /** Traceparent of what started the run. */
  parent: string | undefined;
  /** Traceparent of the last signal with one: what the run does next is done for its sender. */
  signalled: string | undefined;

  start({ requestIds, trace: parent }: CarriedContext): void {
    this.parent = parent;
    this.addRequests(requestIds);
  }

  /** A run works for those that started it and for those that signalled it. */
  addRequests(given: readonly string[]): void {
    this.#requests = [...new Set([...this.#requests, ...given])].slice(-mostRequestIds);
  }

  get requests(): readonly string[] {
    return this.#requests;
  }

  /** Traceparent of this run. */
  get own(): string | undefined {
    const parent = parseTraceParent(this.parent);
    const spanId = spanIdOfRun(workflowInfo().runId);
    if (parent === undefined || spanId === undefined) return undefined;
    return printTraceParent({ ...parent, spanId });
  }

  added(headers: Headers): Headers {
    return { ...headers, ...headersOf({ requestIds: this.#requests, trace: this.signalled ?? this.own }) };
  }
}

function inbound(context: WorkflowContext): WorkflowInboundCallsInterceptor {
  return {
    execute(input, next) {
      context.start(contextOf(input.headers));
      const result = next(input);
      const { parent } = context;
      if (parent === undefined) return result;
      const { workflowType: name, startTime } = workflowInfo();
      const end = (failed: boolean): void =>
        trace.spanEnded({ ...here(), name, parent, startedAt: startTime.getTime(), endedAt: Date.now(), failed });
      // A branch of its own: what the workflow awaits is the result itself.
      result.then(
        () => end(false),
        (error: unknown) => end(!isNormalEnd(error)),
      );
      return result;
    },
    handleSignal(input, next) {
      const { requestIds, trace: parent } = contextOf(input.headers);
      context.addRequests(requestIds);
      // The signal that started the run has the headers of the start.
      if (parent !== undefined && parent !== context.parent) {
        context.signalled = parent;
        const name = `${workflowInfo().workflowType}.${input.signalName}`;
        const now = Date.now();
        trace.spanEnded({
          ...here(),
          name,
          parent,
          signalled: context.own,
          startedAt: now,
          endedAt: now,
          failed: false,
        });
      }
      return next(input);
    },
  };
}

function outbound(context: WorkflowContext): WorkflowOutboundCallsInterceptor {
  return {
    scheduleActivity: (input, next) => next({ ...input, headers: context.added(input.headers) }),
    startChildWorkflowExecution: (input, next) => next({ ...input, headers: context.added(input.headers) }),
    continueAsNew: (input, next) => next({ ...input, headers: context.added(input.headers) }),
    getLogAttributes: (input, next) => {
      const { requests } = context;
      return next(requests.length === 0 ? input : { ...input, requestId: requests.join(',') });
    },
  };
}

function here(): Pick<WorkflowSpan, 'workflowId' | 'runId'> {
  const { workflowId, runId } = workflowInfo();
  return { workflowId, runId };
}

function isNormalEnd(error: unknown): boolean {
  return isCancellation(error) || (error instanceof Error && error.name === 'ContinueAsNew');
}
