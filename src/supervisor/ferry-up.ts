import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { PlaceConfig } from '../config/read-config.js';
import { connectClient } from '../client/connect.js';
import { FerryError } from '../domain/ferry-error.js';
import { lockDataDir } from './data-lock.js';
import { embedTemporal } from './embedded-temporal.js';
import { endProcess } from './end-process.js';
import type { Runtime } from './runtime-file.js';
import { readRuntime, removeRuntime, writeRuntime } from './runtime-file.js';
import { identifyProcess } from './process-identity.js';
import type { SupervisionEvents } from './supervised-process.js';
import { SupervisedProcess } from './supervised-process.js';

export interface FerryUpOptions {
  readonly config: PlaceConfig;
  /** Compiled worker, started with this Node. */
  readonly workerPath: string;
  readonly variables: NodeJS.ProcessEnv;
  /** A line for people about something that happened. */
  readonly say: (line: string) => void;
}

export interface FerryUp {
  readonly address: string;
  readonly ui?: string;
  stop(): Promise<void>;
}

const temporalStartMs = 60_000;
const workerStartMs = 60_000;
const leftoverGraceMs = 5_000;

/**
 * Everything on this machine: Temporal (unless one is configured) and the worker as child processes, kept running.
 * Comes back when the worker takes work.
 *
 * @throws FerryError when the folder is taken, or a part does not start; nothing is left running then
 */
export async function ferryUp({ config, workerPath, variables, say }: FerryUpOptions): Promise<FerryUp> {
  const { dataDir, temporal: settings } = config;
  const unlock = lockDataDir(dataDir);
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new TypeError('this process cannot find itself');
  const stopping: (() => Promise<void>)[] = [];

  try {
    await endLeftovers(dataDir, say);
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
    let runtime: Runtime = { up: own };
    const update = (change: Partial<Runtime>): void => {
      runtime = { ...runtime, ...change };
      writeRuntime(dataDir, runtime);
    };
    stopping.push(async () => removeRuntime(dataDir));

    const temporal = await startTemporal(update);
    await answering(temporal.address);
    await startWorker(temporal.address, update);
    return { ...temporal, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    for (const end of stopping.splice(0).reverse()) await end();
    unlock();
  }

  async function startTemporal(update: (change: Partial<Runtime>) => void): Promise<{ address: string; ui?: string }> {
    if (settings.address !== undefined) {
      update({ temporal: { address: settings.address } });
      return { address: settings.address };
    }
    const embedded = await embedTemporal(
      { dataDir, namespace: settings.namespace, variables },
      {
        onStarted: (started, { address, ui }) => update({ temporal: { address, ui, process: started } }),
        onDied: died('Temporal'),
      },
    );
    stopping.push(async () => await embedded.process.stop());
    return { address: embedded.address, ui: embedded.ui };
  }

  /** The dev server answers within seconds; a busy machine is given a minute. */
  async function answering(address: string): Promise<void> {
    const deadline = Date.now() + temporalStartMs;
    for (;;) {
      try {
        const { connection } = settings;
        const connected = await connectClient({ address, namespace: settings.namespace, connection });
        await connected.close();
        return;
      } catch (error) {
        if (Date.now() > deadline || settings.address !== undefined) throw error;
        await sleep(200);
      }
    }
  }

  async function startWorker(address: string, update: (change: Partial<Runtime>) => void): Promise<void> {
    let ready: () => void = () => undefined;
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const logPath = join(dataDir, 'logs', 'worker.log');
    const events: SupervisionEvents = {
      onStarted: (worker) => update({ worker }),
      onReady: () => ready(),
      onDied: died('the worker'),
    };
    const worker = new SupervisedProcess(
      {
        name: 'worker',
        file: process.execPath,
        args: [workerPath],
        env: { ...variables, TEMPORAL_ADDRESS: address },
        logPath,
        channel: true,
      },
      events,
    );
    worker.start();
    stopping.push(async () => await worker.stop());

    const timeout = new AbortController();
    await Promise.race([
      isReady,
      sleep(workerStartMs, undefined, { signal: timeout.signal }).then(() => {
        throw new FerryError(`the worker did not start within ${workerStartMs / 1000} s: see ${logPath}`, {
          code: 'internal',
          decision: 'retry',
        });
      }),
    ]).finally(() => timeout.abort());
  }

  function died(name: string): SupervisionEvents['onDied'] {
    return ({ code, signal, restartInMs }) =>
      say(`${name} ended (${signal ?? `exit status ${String(code)}`}); starting another in ${restartInMs} ms`);
  }
}

/** A killed `up` could not end its children: they are found by number and start time, and ended. */
async function endLeftovers(dataDir: string, say: (line: string) => void): Promise<void> {
  const runtime = readRuntime(dataDir);
  if (runtime === undefined) return;
  const leftovers = [runtime.worker, runtime.temporal?.process].filter((identity) => identity !== undefined);
  for (const identity of leftovers) {
    say(`ending process ${identity.pid}, left behind by an earlier "ferry up"`);
    await endProcess(identity, leftoverGraceMs);
  }
  removeRuntime(dataDir);
}
