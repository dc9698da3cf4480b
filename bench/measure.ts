import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Contestant, Invocation, Route } from './contestants.js';

export interface Measurement {
  readonly wallMs: number;
  /** Largest resident set of the programs of one moment, bytes; undefined where the system does not tell. */
  readonly peakBytes?: number;
}

const sampleEveryMs = 50;

/** Runs a contestant once. @throws Error with the program's last words when it fails */
export async function measure(contestant: Contestant, route: Route): Promise<Measurement> {
  const groups = contestant.commands(route);
  const startedAt = performance.now();
  let peakBytes: number | undefined;
  for (const group of groups) {
    const peaks = await Promise.all(group.map(runOne));
    const together = peaks.reduce<number | undefined>(
      (sum, peak) => (peak === undefined ? sum : (sum ?? 0) + peak),
      undefined,
    );
    if (together !== undefined) peakBytes = Math.max(peakBytes ?? 0, together);
  }
  const wallMs = performance.now() - startedAt;
  return { wallMs, ...(peakBytes === undefined ? {} : { peakBytes }) };
}

function runOne({ program, args, env }: Invocation): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    let peak: number | undefined;
    const sampling = setInterval(() => {
      peak = peakOf(child.pid) ?? peak;
    }, sampleEveryMs);
    let talk = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      talk = `${talk}${text}`.slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (status) => {
      clearInterval(sampling);
      if (status === 0) resolve(peak);
      else reject(new Error(`${program} ${args.join(' ')} ended with status ${status}:\n${talk}`));
    });
  });
}

/** Linux keeps the high-water mark itself, so that sampling misses only what happens in the last moment. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    // No /proc here, or the process has just ended.
    return undefined;
  }
}
