import { packageVersion } from '../../config/package-folder.js';
import type { FerryMetrics } from '../../observability/metrics/ferry-metrics.js';

/** The library for metrics is loaded only where metrics are served: no command and no other process waits for it. */
export async function openMetrics(isServed: boolean): Promise<FerryMetrics | undefined> {
  if (!isServed) return undefined;
  const { FerryMetrics: Metrics } = await import('../../observability/metrics/ferry-metrics.js');
  return new Metrics({ version: packageVersion() });
}
