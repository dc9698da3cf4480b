import type { WorkflowSpan } from '../../contract/context-headers.js';

/** What may be said of a span: words and numbers that are not secret. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes | undefined;
  /** W3C traceparent; default: the span that is open. */
  readonly parent?: string | undefined;
}

export interface SpanEnd {
  /** What is known better at the end. */
  readonly name?: string | undefined;
  readonly attributes?: SpanAttributes | undefined;
  /** The kind of the error, never its message; absent: none. */
  readonly error?: string | undefined;
}

/** An open span. */
export interface OpenSpan {
  /** Undefined if nothing can be below it. */
  readonly traceparent: string | undefined;
  end(end?: SpanEnd): void;
}

/** Where spans go. Nothing of it throws or waits, except `shutdown`. */
export interface Tracing {
  begin(start: SpanStart): OpenSpan;
  /** A span that is over: of a workflow, which cannot keep one open. */
  record(span: WorkflowSpan): void;
  /** Sends what is left, for a few seconds at most. */
  shutdown(): Promise<void>;
}
