import { RegistryFault } from '../registry-errors.js';
import { isHabit } from './quirks.js';
import type { Habit } from './quirks.js';

/**
 * Checks if a target answers GET of a blob or a manifest with an error because its own record of it is damaged
 * (`damaged-record` of `quirks.ts`): it cannot be pulled, and a push writes the record again.
 */
export function isDamagedRecord(error: unknown): boolean {
  return isAnsweredWith('damaged-record', error);
}

/** The same where the manifest itself is damaged, and no push writes it again (`damaged-content`). */
export function isDamagedContent(error: unknown): boolean {
  return isAnsweredWith('damaged-content', error);
}

function isAnsweredWith(habit: Habit, error: unknown): boolean {
  if (!(error instanceof RegistryFault) || error.status === undefined) return false;
  const { side, status, reason, resource } = error;
  if (resource === undefined) return false;
  return isHabit(habit, { side, method: 'GET', resource, status, said: reason });
}
