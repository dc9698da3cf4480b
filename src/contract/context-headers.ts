/** Headers of Temporal that go from a request through its workflows to the activities. Payloads are JSON. */
export const ContextHeader = {
  /** `{"traceparent": "00-…"}`: the name and form of Temporal's own interceptors for OpenTelemetry. */
  trace: '_tracer-data',
  /** The IDs of the requests that the work is for, the oldest first. */
  requests: 'ferry-request-ids',
} as const;

/** What they carry. */
export interface CarriedContext {
  /** The oldest first. */
  readonly requestIds: readonly string[];
  /** W3C traceparent. */
  readonly trace?: string | undefined;
}

/** Of one run: a busy run does the work of many requests. */
export const mostRequestIds = 5;

/** The end of a workflow run, or a signal to one, for a trace. */
export interface WorkflowSpan {
  /** `SyncAll`, `SyncAll.requestSync` */
  readonly name: string;
  readonly workflowId: string;
  readonly runId: string;
  /** W3C traceparent of what started it, or of what sent the signal. */
  readonly parent: string;
  /** A signal belongs to the trace of its sender: this is the one of the run that got it. */
  readonly signalled?: string | undefined;
  /** UTC milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
}

/** What a worker does with spans of workflows. A workflow calls it only where it was started or signalled with a trace. */
// A type, not an interface: only that has the index signature which Temporal requires of sinks.
export type TraceSinks = { trace: { spanEnded(span: WorkflowSpan): void } };
