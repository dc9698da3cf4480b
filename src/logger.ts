import type { Logger } from 'pino';
import { pino } from 'pino';

export type { Logger } from 'pino';

/** One JSON object a line on standard output. Secrets are kept out where messages are made; this is the second net. */
export function createLogger(name: string): Logger {
  return pino({
    name,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['password', '*.password', 'authorization', '*.authorization', 'token', '*.token'],
  });
}
