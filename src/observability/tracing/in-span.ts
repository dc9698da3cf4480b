import { currentContext, inContext } from '../context/work-context.js';
import type { SpanEnd, SpanStart, Tracing } from './tracing.js';

/**
 * Runs work in a span, which is the parent of all spans within.
 *
 * @param describe what is known at the end
 * @throws what the work throws; the span has the kind of the error
 */
export async function inSpan<T>(
  tracing: Tracing | undefined,
  start: SpanStart,
  work: () => Promise<T>,
  describe: (result: T) => SpanEnd = () => ({}),
): Promise<T> {
  if (tracing === undefined) return await work();
  const span = tracing.begin(start);
  try {
    const result = await inContext({ ...currentContext(), trace: span.traceparent }, work);
    span.end(describe(result));
    return result;
  } catch (error) {
    span.end({ error: errorKind(error) });
    throw error;
  }
}

/** The code of a fault, or the name of the error's class. */
function errorKind(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Temporal's failures have the code of a fault as their type.
  if ('type' in error && typeof error.type === 'string') return error.type;
  return error.name;
}
