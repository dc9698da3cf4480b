import type { Logger, LogLevel, LogMetadata } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import type { Logger as PinoLogger } from 'pino';

/** Temporal's own messages in the same stream. */
export function temporalLogger(logger: PinoLogger): Logger {
  return new DefaultLogger('INFO', ({ level, message, meta }) => {
    logger[pinoLevel(level)](withErrorTold(meta), message);
  });
}

/** JSON holds nothing of an error but what was added to it; its message, which says why, would be left out. */
function withErrorTold(meta: LogMetadata = {}): object {
  const { error } = meta as { readonly error?: unknown };
  return error instanceof Error ? { ...meta, error: told(error) } : { ...meta };
}

/** Temporal's own failures say what failed, and the one that they were wrapped around says why. */
function told(error: Error): object {
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
