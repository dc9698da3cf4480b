import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { FerryError } from '../domain/ferry-error.js';
import type { ProcessIdentity } from './process-identity.js';
import { SupervisedProcess } from './supervised-process.js';
import type { SupervisionEvents } from './supervised-process.js';

export interface NodeProcess {
  /** In messages: `the worker`. */
  readonly name: string;
  /** Compiled script, started with this Node. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logPath: string;
  readonly startWithinMs: number;
}

export interface NodeProcessEvents {
  onStarted(identity: ProcessIdentity): void;
  /** Also called after each restart. `address` is the one that it listens on, if any. */
  onReady(address: string | undefined): void;
  onDied: SupervisionEvents['onDied'];
}

/** Exit status of a process with an invalid configuration: a restart would end in the same way. */
const wrongUse = 2;

/**
 * glibc keeps a heap for each of many threads, and what one frees no other uses: with two heaps a worker needs 15 to 25 MB
 * less, and no more CPU time.
 */
const fewHeaps = { MALLOC_ARENA_MAX: '2' };

/** V8 gives new objects 48 MB, and a worker uses all of it. With half of it, it needs 21 MB less. */
const smallNursery = '--max-semi-space-size=8';

/**
 * Runs a part of the ferry as a supervised child process.
 *
 * @returns the started process, and a promise for its readiness
 */
export function superviseNode(
  { name, script, env, logPath, startWithinMs }: NodeProcess,
  events: NodeProcessEvents,
): { readonly process: SupervisedProcess; readonly ready: Promise<void> } {
  let isReady: () => void = () => undefined;
  let fail: (error: FerryError) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    fail = reject;
  });
  const supervised = new SupervisedProcess(
    {
      name,
      file: process.execPath,
      args: [smallNursery, script],
      env: { ...fewHeaps, ...env },
      logPath,
      channel: true,
    },
    {
      onStarted: events.onStarted,
      onReady: (address) => {
        events.onReady(address);
        isReady();
      },
      onDied: (what) => {
        if (what.code === wrongUse) fail(unstarted(`${name} could not start: ${lastWords(logPath)}`, 'configuration'));
        events.onDied(what);
      },
    },
  );
  supervised.start();
  return { process: supervised, ready: withTimeout(ready, startWithinMs, `${name} did not start`, logPath) };
}

async function withTimeout(ready: Promise<void>, withinMs: number, what: string, logPath: string): Promise<void> {
  const timeout = new AbortController();
  // The timer does not keep the process alive after an aborted start.
  const timeoutError = sleep(withinMs, undefined, { signal: timeout.signal, ref: false }).then(() => {
    throw unstarted(`${what} within ${withinMs / 1_000} s: see ${logPath}`);
  });
  try {
    await Promise.race([ready, timeoutError]);
  } finally {
    timeout.abort();
    timeoutError.catch(() => undefined);
  }
}

function unstarted(message: string, code: 'internal' | 'configuration' = 'internal'): FerryError {
  return new FerryError(message, { code, decision: code === 'internal' ? 'retry' : 'block' });
}

function lastWords(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n');
  return (lines.findLast((line) => line.startsWith('ferry: ')) ?? lines.at(-1) ?? '').replace(/^ferry: /, '');
}
