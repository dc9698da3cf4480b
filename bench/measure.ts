import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

import type { Invocation } from './contestants.js';

export interface Measurement {
  readonly wallMs: number;
  /** User and system time of the programs; undefined where the system does not tell. */
  readonly cpuMs?: number;
  /** Largest resident set of the programs of one moment, bytes; undefined where the system does not tell. */
  readonly peakBytes?: number;
  /** The last words of a program that failed. Only where `mayFail` is set. */
  readonly failure?: string;
}

export interface MeasureOptions {
  /** Programs that run at the same time. */
  readonly atOnce: number;
  /** Ends the clock, and the program, as soon as it says this on standard error. */
  readonly until?: string;
  /** A program that fails is a result, and no reason to stop. */
  readonly mayFail?: boolean;
  /** A program that takes longer is killed, and has failed. Default: no limit */
  readonly limitMs?: number;
}

const sampleEveryMs = 50;
/** The unit of times in /proc, the same on every Linux. */
const ticksPerSecond = 100;

/**
 * Runs programs, `atOnce` of them at a time.
 *
 * @throws Error with the program's last words when one fails, unless it may
 */
export async function measure(
  invocations: readonly Invocation[],
  { atOnce, until, mayFail = false, limitMs }: MeasureOptions,
): Promise<Measurement> {
  const queue = [...invocations];
  const running = new Map<number, number>();
  let peakBytes: number | undefined;
  const sampling = setInterval(() => {
    for (const pid of running.keys()) running.set(pid, peakOf(pid) ?? running.get(pid) ?? 0);
    const together = [...running.values()].reduce((total, peak) => total + peak, 0);
    if (together > 0) peakBytes = Math.max(peakBytes ?? 0, together);
  }, sampleEveryMs);
  const cpuBefore = childrenCpuMs();
  const startedAt = performance.now();
  let wallMs: number | undefined;
  let failure: string | undefined;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const failed = await runOne(next, {
        running,
        until,
        limitMs,
        onReached: () => {
          wallMs = performance.now() - startedAt;
        },
      });
      if (failed !== undefined && !mayFail) throw new Error(failed);
      failure ??= failed;
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    clearInterval(sampling);
  }
  wallMs ??= performance.now() - startedAt;
  const cpuAfter = childrenCpuMs();
  return {
    wallMs,
    ...(cpuBefore === undefined || cpuAfter === undefined ? {} : { cpuMs: cpuAfter - cpuBefore }),
    ...(peakBytes === undefined ? {} : { peakBytes }),
    ...(failure === undefined ? {} : { failure }),
  };
}

interface RunOptions {
  readonly running: Map<number, number>;
  readonly until: string | undefined;
  readonly limitMs: number | undefined;
  readonly onReached: () => void;
}

/** @returns the program's last words when it failed */
function runOne(
  { program, args, env }: Invocation,
  { running, until, limitMs, onReached }: RunOptions,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    if (child.pid !== undefined) running.set(child.pid, 0);
    let talk = '';
    let reached = false;
    const limit = limitMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      talk = `${talk}${text}`.slice(-2000);
      if (until === undefined || reached || !talk.includes(until)) return;
      reached = true;
      onReached();
      child.kill();
    });
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(limit);
      if (child.pid !== undefined) running.delete(child.pid);
      const how = signal === null ? `status ${status}` : signal;
      resolve(
        status === 0 || reached ? undefined : `${program} ${args.slice(0, 9).join(' ')} ended with ${how}:\n${talk}`,
      );
    });
  });
}

/** Linux keeps the high-water mark itself, so that sampling misses only what happens in the last moment. */
function peakOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    // No /proc here, or the process has just ended.
    return undefined;
  }
}

/** What all children of this process that have ended have used (proc(5): cutime and cstime). */
function childrenCpuMs(): number | undefined {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[13]) + Number(fields[14])) * 1000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}
