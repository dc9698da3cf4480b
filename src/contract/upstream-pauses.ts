/** A run that sleeps for days is a run that no one watches: a longer wait that the other side names ends the check. */
export const longestNamedPauseMs = 6 * 60 * 60_000;

/** Why a check ends because of such a wait. */
export function tooLongReason(upstream: string, reason: string): string {
  return `${reason}; that is too long to wait for: the next check by schedule, or "ferry fetch ${upstream}", tries again`;
}
