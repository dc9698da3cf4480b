import { spawn } from 'node:child_process';

import type { Invocation } from './contestants.js';
import { peakMemoryOf, readCpuTimes } from './process-usage.js';

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
    for (const pid of running.keys()) running.set(pid, peakMemoryOf(pid) ?? running.get(pid) ?? 0);
    const together = [...running.values()].reduce((total, peak) => total + peak, 0);
    if (together > 0) peakBytes = Math.max(peakBytes ?? 0, together);
  }, sampleEveryMs);
  const cpuBefore = readCpuTimes(process.pid)?.endedChildrenMs;
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
  const cpuAfter = readCpuTimes(process.pid)?.endedChildrenMs;
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
