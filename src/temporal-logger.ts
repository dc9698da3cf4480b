import { DefaultLogger } from '@temporalio/worker';
import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import type { Logger as PinoLogger } from 'pino';

/** Writes Temporal's own messages to the same log. */
export function temporalLogger(logger: PinoLogger): Logger {
  return new DefaultLogger('INFO', ({ level, message, meta }) => {
    logger[pinoLevel(level)](withErrorDetails(meta), message);
  });
}

/** JSON omits an error's message, which says what happened, so it is added explicitly. */
function withErrorDetails(meta: LogMetadata = {}): object {
  const { error } = meta as { readonly error?: unknown };
  return error instanceof Error ? { ...meta, error: errorDetails(error) } : { ...meta };
}

/** Temporal's failures say what failed; the cause that they wrap says why. */
function errorDetails(error: Error): object {
  const messages: string[] = [];
  let innermost = error;
  for (let next: unknown = error; next instanceof Error; next = next.cause) {
    innermost = next;
    if (messages.at(-1) !== next.message) messages.push(next.message);
  }
  return { type: innermost.name, message: messages.join(': '), stack: innermost.stack };
}

function pinoLevel(level: LogLevel): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  switch (level) {
    case 'TRACE':
      return 'trace';
    case 'DEBUG':
      return 'debug';
    case 'INFO':
      return 'info';
    case 'WARN':
      return 'warn';
    case 'ERROR':
      return 'error';
    default:
      return level satisfies never;
  }
}
