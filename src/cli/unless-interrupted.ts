import { interruptible } from './interruption.js';
import { printMessage } from './output.js';

/**
 * Waits for work that a worker does. An interruption ends only the waiting; a message says what continues.
 *
 * @param describeContinuation printed at the interruption: what continues, and how to cancel it
 * @returns undefined when interrupted
 */
export async function unlessInterrupted<T>(
  wait: (signal: AbortSignal) => Promise<T>,
  describeContinuation: () => string,
): Promise<T | undefined> {
  const interruption = interruptible();
  const { signal } = interruption;
  try {
    return await wait(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    printMessage(`interrupted; ${describeContinuation()}`);
    return undefined;
  } finally {
    interruption.release();
  }
}
