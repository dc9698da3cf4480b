import { setMaxListeners } from 'node:events';

/**
 * A signal that aborts with the given ones, and that any number of requests may listen to: node takes more than ten
 * listeners for a leak and says so, on standard error, in the middle of somebody's progress display.
 */
export function sharedSignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const shared = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  setMaxListeners(0, shared);
  return shared;
}
