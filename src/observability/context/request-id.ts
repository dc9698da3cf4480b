import { randomUUID } from 'node:crypto';

/** As proxies and clients make them. Anything else may be an attempt to forge lines of a log. */
const acceptable = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The ID that a request brings in `X-Request-ID`, or a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && acceptable.test(given) ? given : randomUUID();
}
