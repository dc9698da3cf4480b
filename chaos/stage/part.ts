import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

import { hasEnded, startChild } from '../../demo/child-process.js';
import type { PartName } from '../plan/parts.js';

export interface PartCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Both output streams are appended to it; a registry has its access log on standard output. */
  readonly logPath: string;
  readonly outputPath?: string | undefined;
  readonly cwd?: string | undefined;
}

/** One process of the stage, that is started again whenever it ends, as a service manager does it. */
export interface Part {
  readonly name: PartName;
  pid(): number | undefined;
  start(): void;
  /** SIGKILL, also while it is frozen. @returns false if it does not run */
  kill(downMs: number): boolean;
  /** SIGTERM; starts again when it has ended. @returns false if it does not run */
  restart(): boolean;
  /** SIGSTOP for a time. @returns false if it does not run, or is frozen already */
  freeze(forMs: number): boolean;
  /** Nothing is frozen or down any longer. */
  recover(): void;
  /** Ends it for good. @returns how it ended; undefined if it did not run */
  stop(graceMs: number): Promise<string | undefined>;
}

export interface PartEvents {
  /** It ended, but this program did not end it. */
  readonly onUnexpectedEnd: (part: PartName, how: string) => void;
}

/** A service manager waits a little: a part that misses another one would end again. */
const restartMs = 1000;
/** One that does not end when it is asked to is killed before it is started again. */
const restartGraceMs = 40_000;

export function partOf(name: PartName, command: PartCommand, { onUnexpectedEnd }: PartEvents): Part {
  let child: ChildProcess | undefined;
  let isStopping = false;
  let isFrozen = false;
  /** After the next end. */
  let nextStartMs: number | undefined;
  let starting: NodeJS.Timeout | undefined;
  let thawing: NodeJS.Timeout | undefined;

  const start = (): void => {
    clearTimeout(starting);
    starting = undefined;
    if (isStopping || child !== undefined) return;
    const started = spawnPart(command);
    child = started;
    started.once('exit', (code, signal) => {
      child = undefined;
      thawed();
      if (isStopping) return;
      if (nextStartMs === undefined) onUnexpectedEnd(name, signal ?? `status ${code}`);
      starting = setTimeout(start, nextStartMs ?? restartMs);
      nextStartMs = undefined;
    });
  };
  const thawed = (): void => {
    clearTimeout(thawing);
    isFrozen = false;
  };
  const thaw = (): void => {
    if (isFrozen) child?.kill('SIGCONT');
    thawed();
  };
  return {
    name,
    pid: () => child?.pid,
    start,
    kill(downMs) {
      if (child === undefined) return false;
      nextStartMs = downMs;
      return child.kill('SIGKILL');
    },
    restart() {
      if (child === undefined) return false;
      thaw();
      nextStartMs = 0;
      const ending = child;
      const timer = setTimeout(() => ending.kill('SIGKILL'), restartGraceMs);
      ending.once('exit', () => clearTimeout(timer));
      return ending.kill('SIGTERM');
    },
    freeze(forMs) {
      if (child === undefined || isFrozen) return false;
      isFrozen = child.kill('SIGSTOP');
      thawing = setTimeout(thaw, forMs);
      return isFrozen;
    },
    recover() {
      thaw();
      start();
    },
    async stop(graceMs) {
      isStopping = true;
      clearTimeout(starting);
      thaw();
      const ending = child;
      if (ending === undefined || hasEnded(ending)) return undefined;
      const exit = once(ending, 'exit');
      ending.kill('SIGTERM');
      const timer = setTimeout(() => ending.kill('SIGKILL'), graceMs);
      const [code, signal] = (await exit) as [number | null, string | null];
      clearTimeout(timer);
      return signal ?? `status ${code}`;
    },
  };
}

function spawnPart({ program, args, env, logPath, outputPath = logPath, cwd }: PartCommand): ChildProcess {
  const [output, log] = [openSync(outputPath, 'a'), openSync(logPath, 'a')];
  try {
    return startChild(program, args, { env, stdio: ['ignore', output, log], ...(cwd === undefined ? {} : { cwd }) });
  } finally {
    closeSync(output);
    closeSync(log);
  }
}
