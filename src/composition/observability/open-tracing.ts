import { packageVersion } from '../../config/package-folder.js';
import type { TraceSettings } from '../../config/trace-settings.js';
import type { Tracing } from '../../observability/tracing/tracing.js';

export type TracedProcess = 'worker' | 'server' | 'cli';

/** OpenTelemetry is loaded only where traces are switched on. */
export async function openTracing(
  settings: TraceSettings | undefined,
  process: TracedProcess,
  report: (reason: string) => void,
): Promise<Tracing | undefined> {
  if (settings === undefined) return undefined;
  const { url, headers, serviceName = `image-ferry-${process}` } = settings;
  const { openOtelTracing } = await import('../../observability/tracing/otel-tracing.js');
  return openOtelTracing({ url, headers, serviceName, version: packageVersion(), report });
}
