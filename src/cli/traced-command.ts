import { clientContext } from '../composition/observability/client-context.js';
import { openTracing } from '../composition/observability/open-tracing.js';
import { requestObserver } from '../composition/observability/request-observer.js';
import { Environment } from '../config/environment.js';
import { readTraceSettings } from '../config/trace-settings.js';
import { inSpan } from '../observability/tracing/in-span.js';
import { setActiveTracing } from './active-tracing.js';
import { printMessage } from './output.js';

/** They run for as long as the machine: their parts have traces of their own. */
const longLived: ReadonlySet<string> = new Set(['up', 'worker', 'server']);

/**
 * Runs a command in a span: what it requests of Temporal and of registries is below it. It ends when the command has
 * printed its result, and at most three seconds later.
 *
 * @param name of the command
 */
export async function runTraced(name: string, command: () => Promise<void>): Promise<void> {
  const settings = longLived.has(name) ? undefined : readTraceSettings(new Environment(process.env));
  const tracing = await openTracing(settings, 'cli', (reason) => printMessage(`note: no traces: ${reason}`));
  if (tracing === undefined) {
    await command();
    return;
  }
  setActiveTracing({ observer: requestObserver(tracing), interceptors: [clientContext(tracing)] });
  try {
    await inSpan(tracing, { name: `ferry ${name}`, kind: 'internal' }, command);
  } finally {
    setActiveTracing(undefined);
    await tracing.shutdown();
  }
}
