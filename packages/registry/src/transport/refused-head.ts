import { RegistryFault } from '../registry-errors.js';
import { isHabit } from './quirks.js';

/**
 * Checks if an answer to HEAD may refuse the method rather than the resource (`refuses-head` of `quirks.ts`). A rate
 * limit, and the answer of a token service, are taken literally.
 */
export function refusesHead(error: unknown): error is RegistryFault {
  if (!(error instanceof RegistryFault) || error.status === undefined || error.resource === undefined) return false;
  const { resource, status } = error;
  if (resource === 'token' || !isHabit('refuses-head', { method: 'HEAD', resource, status })) return false;
  return error.code !== 'rate-limited' && error.decision !== 'wait';
}
