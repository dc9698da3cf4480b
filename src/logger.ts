import type { Logger, LogLevel } from '@temporalio/worker';
import { DefaultLogger } from '@temporalio/worker';
import type { Logger as PinoLogger } from 'pino';
import { pino } from 'pino';

/** One JSON object a line on standard output. Secrets are kept out where messages are made; this is the second net. */
export function createLogger(name: string): PinoLogger {
  return pino({
    name,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['password', '*.password', 'authorization', '*.authorization', 'token', '*.token'],
  });
}

/** Temporal's own messages in the same stream. */
export function temporalLogger(logger: PinoLogger): Logger {
  return new DefaultLogger('INFO', ({ level, message, meta }) => {
    logger[pinoLevel(level)]({ ...meta }, message);
  });
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
