import { setTimeout as sleep } from 'node:timers/promises';

import type { ProcessIdentity } from './process-identity.js';
import { isRunning } from './process-identity.js';

const lookEveryMs = 50;

/** Asks a process to end, and makes it end when it has not done so in time. A later one with its number is spared. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isRunning(identity)) return;
  signal(identity.pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs; waited += lookEveryMs) {
    if (!isRunning(identity)) return;
    await sleep(lookEveryMs);
  }
  if (isRunning(identity)) signal(identity.pid, 'SIGKILL');
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
