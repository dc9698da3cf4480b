import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasEnded, startChild, stopChild } from './child-process.js';
import { dataFolder } from './stage.js';
import type { Stage } from './stage.js';
import { projectRoot } from './tools.js';

const ferry = join(projectRoot, 'bin', 'ferry');
const upTimeoutMs = 90_000;

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs one `ferry` command to its end.
 *
 * @param program default: that of this clone
 * @param timeoutMs it is killed after this time: its status is null then
 */
export async function runFerry(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  program?: string,
  timeoutMs?: number,
): Promise<CommandResult> {
  const [file, first] = program === undefined ? [process.execPath, [ferry]] : [program, []];
  const child = startChild(file, [...first, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: 'SIGKILL' }),
  });
  const exit = once(child, 'exit');
  const [output, errors] = await Promise.all(
    [child.stdout, child.stderr].map(async (pipe) => (pipe ? text(pipe) : '')),
  );
  const [status] = (await exit) as [number | null];
  return { status, output: output ?? '', errors: errors ?? '' };
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

/** The JSON that a command printed, whatever its exit status. @throws Error with what it said if there is none */
export function readAnswer<Answer>(args: readonly string[], { status, output, errors }: CommandResult): Answer {
  try {
    return JSON.parse(output) as Answer;
  } catch (error) {
    throw new Error(`ferry ${args.join(' ')} ended with ${status} and said:\n${errors}${output}`, { cause: error });
  }
}

/** `ferry up`, running. */
export interface FerryUpProcess {
  /** The worker that runs now; another one after a crash. */
  workerPid(): number;
  /** All that runs now: the process that supervises the others, and those. */
  pids(): { readonly up: number; readonly worker?: number; readonly temporal?: number; readonly server?: number };
  /** `127.0.0.1:port` of its Temporal. */
  temporalAddress(): string | undefined;
  /** Address of Temporal's pages, for a browser. */
  temporalPages(): string | undefined;
  /** `127.0.0.1:port` of its server for webhooks and the API. */
  httpServer(): string | undefined;
  stop(): Promise<void>;
  /** SIGKILL for all of it, Temporal and worker too: the machine is gone. */
  kill(): Promise<void>;
}

/** Starts `ferry up` and waits until it says that it runs. @param program default: that of this clone */
export async function startFerryUp(
  stage: Pick<Stage, 'folder' | 'environment'>,
  program: string = ferry,
): Promise<FerryUpProcess> {
  const { folder, environment } = stage;
  const logPath = join(folder, 'up.log');
  const child = await startFerry('up', { program, environment, logPath, words: 'Running', withinMs: upTimeoutMs });
  return {
    workerPid: () => workerPid(dataFolder(stage)),
    pids() {
      const { temporal, worker, server } = readRuntime(dataFolder(stage));
      return {
        up: child.pid ?? 0,
        ...(worker === undefined ? {} : { worker: worker.pid }),
        ...(temporal?.process === undefined ? {} : { temporal: temporal.process.pid }),
        ...(server === undefined ? {} : { server: server.process.pid }),
      };
    },
    temporalAddress: () => readRuntime(dataFolder(stage)).temporal?.address,
    temporalPages: () => readRuntime(dataFolder(stage)).temporal?.ui,
    httpServer: () => readRuntime(dataFolder(stage)).server?.address,
    // It stops its own children, and takes its time to let them.
    stop: () => stopChild(child, 'SIGTERM', 60_000),
    async kill() {
      const { temporal, worker, server } = readRuntime(dataFolder(stage));
      // The supervisor first: it would start the others again.
      await stopChild(child, 'SIGKILL');
      for (const part of [worker, server?.process, temporal?.process]) {
        if (part !== undefined) process.kill(part.pid, 'SIGKILL');
      }
    },
  };
}

export interface FerryStart {
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
  /** What it says is appended. */
  readonly logPath: string;
  /** It has started when it has said these. */
  readonly words: string;
  readonly withinMs: number;
}

/** Starts a command that goes on running. @throws Error with what it said if it does not start; it is stopped then */
export async function startFerry(
  command: 'up' | 'worker',
  { program, environment, logPath, words, withinMs }: FerryStart,
): Promise<ChildProcess> {
  const log = openSync(logPath, 'a');
  const child = startChild(process.execPath, [program, command], { env: environment, stdio: ['ignore', log, log] });
  closeSync(log);
  const deadline = Date.now() + withinMs;
  while (!readFileSync(logPath, 'utf8').includes(words)) {
    if (hasEnded(child) || Date.now() > deadline) {
      await stopChild(child);
      throw new Error(`ferry ${command} did not start; it said:\n${readFileSync(logPath, 'utf8')}`);
    }
    await sleep(50);
  }
  return child;
}

interface Runtime {
  readonly worker?: { readonly pid: number };
  readonly temporal?: { readonly address?: string; readonly ui?: string; readonly process?: { readonly pid: number } };
  readonly server?: { readonly address?: string; readonly process: { readonly pid: number } };
}

/** What `ferry up` says of itself to the other commands. */
function readRuntime(folder: string): Runtime {
  const path = join(folder, 'runtime.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Runtime) : {};
}

function workerPid(folder: string): number {
  const { worker } = readRuntime(folder);
  if (worker === undefined) throw new Error(`runtime.json in ${folder} names no worker`);
  return worker.pid;
}
