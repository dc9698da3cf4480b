import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT as rootContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import { millisToHrTime, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { envDetectorSync, Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

import type { WorkflowSpan } from '../../contract/context-headers.js';
import { errorMessage } from '../../domain/error-message.js';
import { parseTraceParent, printTraceParent, spanIdOfRun } from '../../domain/trace-parent.js';
import { currentContext } from '../context/work-context.js';
import type { OpenSpan, SpanAttributes, SpanStart, Tracing } from './tracing.js';

export interface OtelOptions {
  /** Of the traces: `http://collector:4318/v1/traces`. */
  readonly url: string;
  /** Secrets: they go to the collector alone. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  /** Gets the reason when spans could not be sent: at most once a minute. */
  readonly report: (reason: string) => void;
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;
const scope = 'image-ferry';
const reportEveryMs = 60_000;
const shutdownWithinMs = 3_000;

/** Sends spans to a collector by OTLP over HTTP, in batches. The standard variables of the SDK choose what is sampled. */
export function openOtelTracing({ url, headers, serviceName, version, report }: OtelOptions): Tracing {
  reportFaults(report);
  const own = { 'service.name': serviceName, 'service.version': version, 'process.pid': process.pid };
  // Attributes of OTEL_RESOURCE_ATTRIBUTES go before those of the ferry, except for the name of the service.
  const resource = new Resource(own)
    .merge(envDetectorSync.detect())
    .merge(new Resource({ 'service.name': serviceName }));
  const processor = new BatchSpanProcessor(new OTLPTraceExporter({ url, headers: { ...headers } }));
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  const tracer = provider.getTracer(scope, version);

  return {
    begin({ name, kind, attributes, parent = currentContext().trace }: SpanStart): OpenSpan {
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes: known(attributes) }, contextOf(parent));
      return {
        traceparent: traceparentOf(span),
        end({ name: better, attributes: more, error } = {}) {
          if (better !== undefined) span.updateName(better);
          span.setAttributes(known(more));
          if (error !== undefined) {
            span.setAttribute('error.type', error);
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
    record(span) {
      const ended = workflowSpan(span, resource, version);
      if (ended !== undefined) processor.onEnd(ended);
    },
    async shutdown() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, shutdownWithinMs);
      });
      await Promise.race([provider.shutdown().catch((error: unknown) => report(errorMessage(error))), late]);
      clearTimeout(timer);
    },
  };
}

function contextOf(parent: string | undefined): Context {
  const context = spanContextOf(parent);
  return context === undefined ? rootContext : trace.setSpanContext(rootContext, context);
}

function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const parsed = parseTraceParent(traceparent);
  if (parsed === undefined) return undefined;
  const { traceId, spanId, isSampled } = parsed;
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return printTraceParent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

function known(attributes: SpanAttributes = {}): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** A workflow computes the ID of its span, and the SDK chooses IDs: so this one is made by hand. */
function workflowSpan(ended: WorkflowSpan, resource: Resource, version: string): ReadableSpan | undefined {
  const { name, workflowId, runId, parent, signalled, startedAt, endedAt, failed } = ended;
  const above = spanContextOf(parent);
  const isSignal = name.includes('.');
  const spanId = isSignal ? randomSpanId() : spanIdOfRun(runId);
  if (above === undefined || spanId === undefined) return undefined;
  const run = spanContextOf(signalled);
  const [startTime, endTime] = [millisToHrTime(startedAt), millisToHrTime(endedAt)];
  return {
    name: `workflow ${name}`,
    kind: isSignal ? SpanKind.CONSUMER : SpanKind.INTERNAL,
    spanContext: () => ({ ...above, spanId }),
    parentSpanId: above.spanId,
    startTime,
    endTime,
    duration: millisToHrTime(Math.max(0, endedAt - startedAt)),
    ended: true,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: { 'temporal.workflow_id': workflowId, 'temporal.run_id': runId },
    links: run === undefined ? [] : [{ context: run }],
    events: [],
    resource,
    instrumentationLibrary: { name: scope, version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function randomSpanId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Buffer.from(bytes).toString('hex');
}

/** Without these, a collector that is away would be silent. */
function reportFaults(report: (reason: string) => void): void {
  let reportedAt = Number.NEGATIVE_INFINITY;
  const rarely = (reason: string): void => {
    if (performance.now() - reportedAt < reportEveryMs) return;
    reportedAt = performance.now();
    report(reason);
  };
  setGlobalErrorHandler((error) => rarely(typeof error === 'string' ? error : errorMessage(error)));
  const quiet = (): void => {};
  diag.setLogger(
    { error: (text) => rarely(text), warn: (text) => rarely(text), info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
