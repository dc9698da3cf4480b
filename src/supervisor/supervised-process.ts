import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { errorMessage } from '../domain/error-message.js';
import { endProcess } from './end-process.js';
import { identifyProcess, isRunning } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

const firstPauseMs = 250;
const maxPauseMs = 15_000;
/** After this uptime a process counts as healthy, and the next restart is immediate again. */
const healthyAfterMs = 30_000;
const graceMs = 25_000;

export interface Command {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Both output streams are appended to this file. */
  readonly logPath: string;
  /**
   * A Node child gets an IPC channel: it sends `ready`, or `{ready: address}` if it listens, and notices when this
   * process is gone.
   */
  readonly channel: boolean;
}

export interface SupervisionEvents {
  onStarted(identity: ProcessIdentity): void;
  onReady?(address: string | undefined): void;
  onDied(what: { readonly code: number | null; readonly signal: string | null; readonly restartInMs: number }): void;
}

/**
 * Keeps one child process running: restarts it when it exits, with exponential backoff while it keeps exiting at once.
 */
export class SupervisedProcess {
  readonly #command: Command;
  readonly #events: SupervisionEvents;
  #child: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #stopping = false;

  constructor(command: Command, events: SupervisionEvents) {
    this.#command = command;
    this.#events = events;
  }

  start(): void {
    const { file, args, env, logPath, channel } = this.#command;
    const log = openSync(logPath, 'a', 0o600);
    const child = spawn(file, args, {
      env: { ...env },
      // In a process group of its own: Ctrl-C reaches only this process, which stops its children in order.
      detached: true,
      stdio: ['ignore', log, log, ...(channel ? ['ipc' as const] : [])],
    });
    closeSync(log);
    this.#child = child;
    const startedAt = performance.now();
    child.on('message', (message) => {
      if (message === 'ready') this.#events.onReady?.(undefined);
      else if (isReadyMessage(message)) this.#events.onReady?.(message.ready);
    });
    child.once('error', (error) => this.#died({ code: null, signal: error.message, startedAt }));
    child.once('exit', (code, signal) => this.#died({ code, signal, startedAt }));
    this.#identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (this.#identity !== undefined) this.#events.onStarted(this.#identity);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#identity !== undefined) await endProcess(this.#identity, graceMs);
  }

  /** Kills it immediately, without waiting: for a process that is about to exit itself. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#identity !== undefined && isRunning(this.#identity)) process.kill(this.#identity.pid, 'SIGKILL');
  }

  /** A lack of disk space or processes may be temporary and must not end the parts that are still running. */
  #restart(): void {
    const startedAt = performance.now();
    try {
      this.start();
    } catch (error) {
      this.#died({ code: null, signal: errorMessage(error), startedAt });
    }
  }

  #died({ code, signal, startedAt }: { code: number | null; signal: string | null; startedAt: number }): void {
    this.#child?.removeAllListeners();
    this.#child = undefined;
    if (this.#stopping) return;
    if (performance.now() - startedAt > healthyAfterMs) this.#pauseMs = firstPauseMs;
    this.#events.onDied({ code, signal, restartInMs: this.#pauseMs });
    this.#timer = setTimeout(() => this.#restart(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, maxPauseMs);
  }
}

function isReadyMessage(message: unknown): message is { readonly ready: string } {
  return typeof message === 'object' && message !== null && 'ready' in message && typeof message.ready === 'string';
}
