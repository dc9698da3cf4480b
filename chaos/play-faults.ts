import { setTimeout as sleep } from 'node:timers/promises';

import type { PlannedFault } from './plan/plan-faults.js';
import type { ChaosStage } from './stage/stage.js';
import type { Timeline } from './timeline.js';

/** A fault that was planned, and whether it happened: a part that is down already cannot be killed. */
export interface PlayedFault {
  readonly fault: PlannedFault;
  readonly isDone: boolean;
  /** Milliseconds since the start of the time line. */
  readonly happenedAt: number;
}

/** Does to the stage what is planned, each at its time. */
export async function playFaults(
  stage: ChaosStage,
  faults: readonly PlannedFault[],
  { timeline, signal }: { readonly timeline: Timeline; readonly signal: AbortSignal },
): Promise<readonly PlayedFault[]> {
  const played: PlayedFault[] = [];
  const startedAt = performance.now();
  for (const fault of faults) {
    const waitMs = fault.at - (performance.now() - startedAt);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    const happenedAt = timeline.now();
    const isDone = await inflict(stage, fault);
    played.push({ fault, isDone, happenedAt });
    timeline.say(`${describeFault(fault)}${isDone ? '' : ' (not possible now)'}`);
  }
  return played;
}

/** All is well again: what is frozen, down, stalled or full. */
export async function recoverAll({ parts, lines, disks }: ChaosStage): Promise<void> {
  for (const disk of Object.values(disks)) disk.recover();
  for (const line of Object.values(lines)) await line.resume();
  for (const part of Object.values(parts)) part.recover();
}

async function inflict({ parts, lines, disks }: ChaosStage, fault: PlannedFault): Promise<boolean> {
  switch (fault.kind) {
    case 'kill':
    case 'absence':
      return parts[fault.part].kill(fault.forMs);
    case 'restart':
      return parts[fault.part].restart();
    case 'freeze':
      return parts[fault.part].freeze(fault.forMs);
    case 'reset':
      return (await lines[fault.line].resetAll()) > 0;
    case 'stall':
      await lines[fault.line].stall({ direction: fault.direction, forMs: fault.forMs });
      return true;
    case 'full-disk':
      return disks[fault.disk].fill(fault.forMs);
  }
}

function describeFault(fault: PlannedFault): string {
  const seconds = 'forMs' in fault ? ` for ${(fault.forMs / 1000).toFixed(1)} s` : '';
  switch (fault.kind) {
    case 'kill':
      return `SIGKILL ${fault.part}, down${seconds}`;
    case 'absence':
      return `SIGKILL ${fault.part}, away${seconds}`;
    case 'restart':
      return `SIGTERM ${fault.part}`;
    case 'freeze':
      return `SIGSTOP ${fault.part}${seconds}`;
    case 'reset':
      return `reset of all connections to ${fault.line}`;
    case 'stall':
      return `stall of the line to ${fault.line}, ${fault.direction ?? 'both directions'},${seconds}`;
    case 'full-disk':
      return `full disk of ${fault.disk}${seconds}`;
  }
}
