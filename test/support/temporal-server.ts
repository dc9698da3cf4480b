import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Connection } from '@temporalio/client';
import { inject } from 'vitest';

import { hasEnded, startChild, stopChild } from '../../demo/child-process.js';
import { requireTool } from '../../demo/tools.js';
import { freePort } from '../../src/supervisor/free-port.js';

const startTimeoutMs = 60_000;
const namespaceCount = 160;

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the Temporal server that all test files share. */
    readonly temporalAddress: string;
    /** A folder in which each test file claims a namespace of its own. */
    readonly temporalNamespaces: string;
  }
}

export interface TemporalServer {
  readonly address: string;
  readonly pid: number;
  readonly logPath: string;
  stop(): Promise<void>;
}

export interface TemporalOptions {
  readonly namespaces?: readonly string[];
  /** Keep workflows in this file, so that a later server continues with them; default: in memory. */
  readonly databaseFile?: string;
  /** For a server that restarts at its old address; default: a free one. */
  readonly port?: number;
}

/** The namespaces that the shared server has from its start: a new one would take seconds to be known everywhere. */
export const sharedNamespaces: readonly string[] = Array.from({ length: namespaceCount }, (_, n) => `test-${n}`);

/**
 * A namespace of the shared server that no other caller has: workflows and schedules with fixed IDs do not collide
 * there.
 */
export function freshNamespace(): string {
  const folder = inject('temporalNamespaces');
  const free = sharedNamespaces.find((name) => take(join(folder, name)));
  if (free !== undefined) return free;
  throw new Error(
    `all ${namespaceCount} namespaces are taken: raise namespaceCount in test/support/temporal-server.ts`,
  );
}

/** Starts a Temporal development server on 127.0.0.1 and waits until it serves all its namespaces. */
export async function startTemporal({
  namespaces = [],
  databaseFile,
  port,
}: TemporalOptions = {}): Promise<TemporalServer> {
  const program = requireTool('temporal');
  const folder = mkdtempSync(join(tmpdir(), 'ferry-temporal-'));
  const logPath = join(folder, 'temporal.log');
  const log = openSync(logPath, 'a');
  const chosenPort = port ?? (await freePort());
  const child = startChild(program, argumentsFor(chosenPort, namespaces, databaseFile), {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const address = `127.0.0.1:${chosenPort}`;
  const stop = async (): Promise<void> => {
    await stopChild(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilServed(address, namespaces.at(-1) ?? 'default', () => hasEnded(child));
    return { address, pid: child.pid ?? 0, logPath, stop };
  } catch (error) {
    const lines = readFileSync(logPath, 'utf8').split('\n').slice(-20).join('\n');
    await stop();
    throw new Error(`the Temporal server did not start; its log:\n${lines}`, { cause: error });
  }
}

function argumentsFor(port: number, namespaces: readonly string[], databaseFile: string | undefined): string[] {
  const dynamicConfiguration = [
    // One partition: with few pollers a task would wait for one that polls its partition.
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
    'frontend.enableServerVersionCheck=false',
  ];
  const flags = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'];
  if (databaseFile !== undefined) flags.push('--db-filename', databaseFile);
  for (const name of namespaces) flags.push('--namespace', name);
  for (const value of dynamicConfiguration) flags.push('--dynamic-config-value', value);
  return ['server', 'start-dev', ...flags];
}

async function untilServed(address: string, namespace: string, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '2s' });
      try {
        await connection.workflowService.describeNamespace({ namespace });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (ended() || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** Only one process can create a folder, so this claims it. */
function take(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
