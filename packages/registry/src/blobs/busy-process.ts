/** A process that waits for less than this part of the time is the limit itself, whatever the lines could carry. */
const idleShare = 0.15;

/** How long this thread has waited for something to do so far, in milliseconds. */
export function idleMsOfThread(): number {
  return performance.eventLoopUtilization().idle;
}

/** Whether a process that waited for a part of a time is the limit itself: the machine is busy, or the lines are fast. */
export function isBusy(idleMs: number, ms: number): boolean {
  return idleMs < idleShare * ms;
}
