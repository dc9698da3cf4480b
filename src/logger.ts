import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { visibleJson } from './domain/visible-text.js';
import { logFields } from './observability/context/work-context.js';

export type { Logger } from 'pino';

/**
 * Logs one JSON object per line on standard output, with control characters escaped. Messages contain no secrets in the
 * first place; the redaction is a second safeguard.
 */
export function createLogger(name: string, to?: DestinationStream): Logger {
  const options = {
    name,
    base: { name, pid: process.pid },
    mixin: logFields,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: [
      'password',
      '*.password',
      'authorization',
      '*.authorization',
      'token',
      '*.token',
      'location',
      '*.location',
    ],
    hooks: { streamWrite: visibleJson },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
