import { RegistryFault } from '../registry-errors.js';
import { isHabit } from './quirks.js';

/**
 * Whether an answer to HEAD is a refusal of the method as likely as of the thing itself (`refuses-head` of `quirks.ts`). A
 * limit that is reached, and what a token service says, are meant as they are said.
 */
export function refusesHead(error: unknown): error is RegistryFault {
  if (!(error instanceof RegistryFault) || error.status === undefined || error.resource === undefined) return false;
  const { resource, status } = error;
  if (resource === 'token' || !isHabit('refuses-head', { method: 'HEAD', resource, status })) return false;
  return error.code !== 'rate-limited' && error.decision !== 'wait';
}
