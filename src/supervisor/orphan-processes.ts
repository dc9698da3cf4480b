import { endProcess } from './end-process.js';
import { isRunning } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';
import { readRuntime, removeRuntime } from './runtime-file.js';

const graceMs = 5_000;

/** Ends the children of a killed `up`, identified by process ID and start time. */
export async function endOrphans(
  dataDir: string,
  remembered: readonly ProcessIdentity[],
  say: (line: string) => void,
): Promise<void> {
  const runtime = readRuntime(dataDir);
  const known = [runtime?.server?.process, runtime?.worker, runtime?.temporal?.process, ...remembered];
  for (const identity of known) {
    if (identity === undefined || !isRunning(identity)) continue;
    say(`ending orphaned process ${identity.pid} of an earlier "ferry up"`);
    await endProcess(identity, graceMs);
  }
  removeRuntime(dataDir);
}
