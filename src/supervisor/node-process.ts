import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { FerryError } from '../domain/ferry-error.js';
import type { ProcessIdentity } from './process-identity.js';
import type { SupervisionEvents } from './supervised-process.js';
import { SupervisedProcess } from './supervised-process.js';

export interface NodeProcess {
  /** For people: `the worker`. */
  readonly name: string;
  /** Compiled, started with this Node. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logPath: string;
  readonly startWithinMs: number;
}

export interface NodeProcessEvents {
  onStarted(identity: ProcessIdentity): void;
  /** Also after each restart. `address` is where it listens, if it does. */
  onReady(address: string | undefined): void;
  onDied: SupervisionEvents['onDied'];
}

/** The exit status of a process whose configuration is wrong: another start would end in the same way. */
const wrongUse = 2;

/**
 * A part of the ferry in a process of its own, kept running.
 *
 * @returns the process, started, and what comes when it is ready
 */
export function superviseNode(
  { name, script, env, logPath, startWithinMs }: NodeProcess,
  events: NodeProcessEvents,
): { readonly process: SupervisedProcess; readonly ready: Promise<void> } {
  let isReady: () => void = () => undefined;
  let fail: (error: FerryError) => void = () => undefined;
  const told = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    fail = reject;
  });
  const supervised = new SupervisedProcess(
    { name, file: process.execPath, args: [script], env, logPath, channel: true },
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
  return { process: supervised, ready: inTime(told, startWithinMs, `${name} did not start`, logPath) };
}

async function inTime(told: Promise<void>, withinMs: number, what: string, logPath: string): Promise<void> {
  const timeout = new AbortController();
  // Not held open by it: who gives the start up has nothing to wait for.
  const late = sleep(withinMs, undefined, { signal: timeout.signal, ref: false }).then(() => {
    throw unstarted(`${what} within ${withinMs / 1_000} s: see ${logPath}`);
  });
  try {
    await Promise.race([told, late]);
  } finally {
    timeout.abort();
    late.catch(() => undefined);
  }
}

function unstarted(message: string, code: 'internal' | 'configuration' = 'internal'): FerryError {
  return new FerryError(message, { code, decision: code === 'internal' ? 'retry' : 'block' });
}

function lastWords(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n');
  return (lines.findLast((line) => line.startsWith('ferry: ')) ?? lines.at(-1) ?? '').replace(/^ferry: /, '');
}
