import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { hasEnded, startChild, stopChild } from '../../demo/child-process.js';
import { startFerryUp } from '../../demo/ferry-process.js';
import { projectRoot } from '../../demo/tools.js';
import { cpuTimesOf, peakMemoryOf } from '../process-usage.js';

export interface FleetOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Worker processes in all; the first is the one of `ferry up`. */
  readonly workers: number;
}

export interface FleetCpu {
  readonly temporalMs: number;
  /** Those that were killed included. */
  readonly workersMs: number;
}

/** `ferry up` with an embedded Temporal, and more workers beside it. */
export interface Fleet {
  readonly temporalAddress: string;
  cpu(): FleetCpu;
  /** Peak resident memory of the worker that had the most, bytes. */
  peakBytes(): number;
  /** Size of Temporal's database with its write-ahead log, bytes. */
  temporalBytes(): number;
  /** SIGKILL; `ferry up` starts another one. @returns false where it has not done that since the last time */
  killWorker(): boolean;
  stop(): Promise<void>;
}

const sampleEveryMs = 250;

export async function startFleet({ folder, environment, workers }: FleetOptions): Promise<Fleet> {
  const up = await startFerryUp({ folder, environment });
  const temporalAddress = up.temporalAddress() ?? '';
  const more: ChildProcess[] = [];
  let peakBytes = 0;
  const sampling = setInterval(() => {
    for (const pid of [up.pids().worker, ...more.map(({ pid: own }) => own)]) {
      peakBytes = Math.max(peakBytes, (pid === undefined ? undefined : peakMemoryOf(pid)) ?? 0);
    }
  }, sampleEveryMs);
  const stop = async (): Promise<void> => {
    clearInterval(sampling);
    await Promise.all(more.map((child) => stopChild(child, 'SIGTERM', 30_000)));
    await up.stop();
  };
  try {
    for (let n = 1; n < workers; n++)
      more.push(startWorker(folder, { ...environment, TEMPORAL_ADDRESS: temporalAddress }));
    return {
      temporalAddress,
      cpu() {
        const { up: supervisor, worker, temporal } = up.pids();
        const alive = [worker, ...more.map(({ pid }) => pid)].map((pid) => cpuTimesOf(pid).ownMs);
        return {
          temporalMs: cpuTimesOf(temporal).ownMs,
          // Only workers end while they are measured.
          workersMs: alive.reduce((sum, ms) => sum + ms, cpuTimesOf(supervisor).endedChildrenMs),
        };
      },
      peakBytes: () => peakBytes,
      temporalBytes: () => sizeOf(environment, '') + sizeOf(environment, '-wal'),
      killWorker() {
        const { worker } = up.pids();
        if (worker === undefined || peakMemoryOf(worker) === undefined) return false;
        process.kill(worker, 'SIGKILL');
        return true;
      },
      async stop() {
        const ended = more.filter(hasEnded).length;
        await stop();
        if (ended > 0) throw new Error(`${ended} workers ended early; see worker.log in ${folder}`);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startWorker(folder: string, environment: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(folder, 'worker.log'), 'a');
  const command = [join(projectRoot, 'bin', 'ferry'), 'worker'];
  const child = startChild(process.execPath, command, { env: environment, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

function sizeOf({ FERRY_DATA_DIR: folder = '' }: NodeJS.ProcessEnv, suffix: string): number {
  return statSync(join(folder, `temporal.db${suffix}`), { throwIfNoEntry: false })?.size ?? 0;
}
