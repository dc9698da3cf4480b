import { setMaxListeners } from 'node:events';

/**
 * A signal that aborts with the given ones, and that any number of requests may listen to. Node takes more than ten
 * listeners for a leak and says so on standard error, in the middle of a progress display.
 */
export function sharedSignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const given = signals.filter((signal) => signal !== undefined);
  const [only, ...more] = given;
  // A single signal needs no derived one: making that costs as much as a request.
  const shared = only !== undefined && more.length === 0 ? only : AbortSignal.any(given);
  setMaxListeners(0, shared);
  return shared;
}
