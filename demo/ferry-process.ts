import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasEnded, startChild, stopChild } from './child-process.js';
import { projectRoot } from './tools.js';

const ferry = join(projectRoot, 'bin', 'ferry');
const upTimeoutMs = 90_000;

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs one `ferry` command to its end. */
export async function runFerry(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<CommandResult> {
  const child = spawn(process.execPath, [ferry, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await exit) as [number | null];
  return { status, output, errors };
}

/** The same for a command whose result is JSON. @throws Error with what it said when its status is another one */
export async function askFerry<Answer>(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  expectedStatus = 0,
): Promise<Answer> {
  const { status, output, errors } = await runFerry([...args, '--json'], environment);
  if (status === expectedStatus) return JSON.parse(output) as Answer;
  throw new Error(
    `ferry ${args.join(' ')} ended with ${status}, expected ${expectedStatus}; it said:\n${errors}${output}`,
  );
}

/** `ferry up`, running. */
export interface FerryUpProcess {
  readonly logPath: string;
  /** The worker that runs now; another one after a crash. */
  workerPid(): number;
  stop(): Promise<void>;
}

/** Starts `ferry up` and waits until it says that it runs. */
export async function startFerryUp(folder: string, environment: NodeJS.ProcessEnv): Promise<FerryUpProcess> {
  const logPath = join(folder, 'up.log');
  const log = openSync(logPath, 'a');
  const child = startChild(process.execPath, [ferry, 'up'], { env: environment, stdio: ['ignore', log, log] });
  closeSync(log);
  await untilRunning(child, logPath);
  return {
    logPath,
    workerPid: () => workerPid(join(environment['FERRY_DATA_DIR'] ?? '', 'runtime.json')),
    // It stops its own children, and takes its time to let them.
    stop: () => stopChild(child, 'SIGTERM', 60_000),
  };
}

async function untilRunning(child: ChildProcess, logPath: string): Promise<void> {
  const deadline = Date.now() + upTimeoutMs;
  while (!readFileSync(logPath, 'utf8').includes('Running')) {
    if (hasEnded(child) || Date.now() > deadline) {
      await stopChild(child);
      throw new Error(`ferry up did not start; it said:\n${readFileSync(logPath, 'utf8')}`);
    }
    await sleep(50);
  }
}

function workerPid(runtimePath: string): number {
  const runtime = existsSync(runtimePath) ? (JSON.parse(readFileSync(runtimePath, 'utf8')) as Runtime) : {};
  if (runtime.worker === undefined) throw new Error(`${runtimePath} names no worker`);
  return runtime.worker.pid;
}

interface Runtime {
  readonly worker?: { readonly pid: number };
}
