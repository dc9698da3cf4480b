import { interruptible } from './interruption.js';
import { say } from './output.js';

/**
 * Waits for what others do. An interruption ends the waiting alone, so it says what goes on without this command.
 *
 * @param whatGoesOn said at the interruption, with how to stop it
 * @returns undefined when it was interrupted
 */
export async function unlessInterrupted<T>(
  wait: (signal: AbortSignal) => Promise<T>,
  whatGoesOn: () => string,
): Promise<T | undefined> {
  const interruption = interruptible();
  const { signal } = interruption;
  try {
    return await wait(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    say(`interrupted; ${whatGoesOn()}`);
    return undefined;
  } finally {
    interruption.release();
  }
}
