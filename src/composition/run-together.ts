/**
 * Runs all functions until one of them ends or fails; then stops the others and waits for them, since the resources
 * that they use must not be closed before.
 *
 * @throws the error of a failed function; of several, the first in the order of `runs`
 */
export async function runTogether(runs: readonly (() => Promise<void>)[], stop: () => void): Promise<void> {
  const ends = await Promise.allSettled(runs.map(async (run) => await run().finally(stop)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
