/**
 * Runs everything until one of them ends, by itself or by a fault; then the others are told to stop and waited for: what
 * they use must not be closed before.
 *
 * @throws what one of them threw: of several that failed, the first in the order of `runs`
 */
export async function runTogether(runs: readonly (() => Promise<void>)[], stop: () => void): Promise<void> {
  const ends = await Promise.allSettled(runs.map(async (run) => await run().finally(stop)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
