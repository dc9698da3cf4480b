import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';

import { visibleJson } from './domain/visible-text.js';

export type { Logger } from 'pino';

/**
 * One JSON object a line on standard output, in which nothing drives a terminal that shows it. Secrets are kept out where messages are made; this is the second net.
 */
export function createLogger(name: string, to?: DestinationStream): Logger {
  const options = {
    name,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['password', '*.password', 'authorization', '*.authorization', 'token', '*.token'],
    hooks: { streamWrite: visibleJson },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
