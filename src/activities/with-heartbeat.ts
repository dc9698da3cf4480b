import { Context } from '@temporalio/activity';

const heartbeatMs = 2_000;

export interface Progress<D> {
  readonly signal: AbortSignal;
  /** Replaces what the next heartbeat says. */
  report(details: D): void;
  /** Makes each heartbeat say what `describe` returns then. */
  reportFrom(describe: () => D): void;
}

/**
 * Runs long work with a heartbeat every 2 s, and hands it the signal that cancellation and shutdown pull. A transfer
 * that hangs is the engine's to notice (its idle watchdog), since a timer cannot tell it from a slow one.
 */
export async function withHeartbeat<T, D>(initial: D, work: (progress: Progress<D>) => Promise<T>): Promise<T> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  let details = (): D => initial;
  const beat = (): void => context.heartbeat(details());
  beat();
  const timer = setInterval(beat, heartbeatMs);
  try {
    return await work({
      signal,
      report: (next) => {
        details = () => next;
      },
      reportFrom: (describe) => {
        details = describe;
      },
    });
  } catch (error) {
    // The SDK counts as cancelled only its own failure and AbortError: whatever the work threw when it was pulled
    // down, the reason for that is the signal's.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
    beat();
  }
}
