import { readFileSync } from 'node:fs';

/** The unit of times in /proc, the same on every Linux. */
const ticksPerSecond = 100;

export interface CpuTimes {
  /** User and system time of the process itself, milliseconds. */
  readonly ownMs: number;
  /** The same of its children that have ended, with theirs. */
  readonly endedChildrenMs: number;
}

const none: CpuTimes = { ownMs: 0, endedChildrenMs: 0 };

/** What the kernel has charged to a process so far (proc(5)); nothing for one that does not run. */
export function cpuTimesOf(pid: number | undefined): CpuTimes {
  return (pid === undefined ? undefined : readCpuTimes(pid)) ?? none;
}

/** The same; undefined for one that does not run, and where there is no /proc. */
export function readCpuTimes(pid: number): CpuTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may contain anything: the fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const sum = (first: number): number =>
      ((Number(fields[first]) + Number(fields[first + 1])) * 1000) / ticksPerSecond;
    return { ownMs: sum(11), endedChildrenMs: sum(13) };
  } catch {
    return undefined;
  }
}

/** Highest resident memory of a process, bytes, which Linux keeps itself; undefined for one that does not run. */
export function peakMemoryOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    // One that has ended, and that its parent has not seen end, has none.
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
