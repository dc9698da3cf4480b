import { setTimeout as sleep } from 'node:timers/promises';

import { isRunning } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

const pollIntervalMs = 50;

/** Sends SIGTERM, and SIGKILL if the process has not ended in time. A later process with the same ID is not touched. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  signal(identity.pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs; waited += pollIntervalMs) {
    if (!isRunning(identity)) return;
    await sleep(pollIntervalMs);
  }
  if (isRunning(identity)) signal(identity.pid, 'SIGKILL');
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the check and the signal.
  }
}
