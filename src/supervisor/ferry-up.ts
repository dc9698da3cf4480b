import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { PlaceConfig } from '../config/read-config.js';
import { connectClient } from '../client/connect.js';
import { lockDataDir } from './data-lock.js';
import { embedTemporal } from './embedded-temporal.js';
import { endProcess } from './end-process.js';
import type { NodeProcess } from './node-process.js';
import { superviseNode } from './node-process.js';
import type { Runtime } from './runtime-file.js';
import { readRuntime, removeRuntime, writeRuntime } from './runtime-file.js';
import type { ProcessIdentity } from './process-identity.js';
import { identifyProcess } from './process-identity.js';
import type { SupervisionEvents } from './supervised-process.js';

export interface FerryUpOptions {
  readonly config: PlaceConfig;
  /** Compiled worker, started with this Node. */
  readonly workerPath: string;
  /** Compiled server; absent: none is run. */
  readonly serverPath?: string;
  readonly variables: NodeJS.ProcessEnv;
  /** A line for people about something that happened. */
  readonly say: (line: string) => void;
}

export interface FerryUp {
  readonly address: string;
  readonly ui?: string;
  /** Where the webhook bridge listens: `host:port`. */
  readonly server?: string;
  stop(): Promise<void>;
}

const temporalStartMs = 60_000;
const partStartMs = 60_000;
const leftoverGraceMs = 5_000;

/**
 * Everything on this machine: Temporal (unless one is configured), the worker and the server as child processes, kept
 * running. Comes back when the worker takes work and the server listens.
 *
 * @throws FerryError when the folder is taken, or a part does not start; nothing is left running then
 */
export async function ferryUp({ config, workerPath, serverPath, variables, say }: FerryUpOptions): Promise<FerryUp> {
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
    if (serverPath === undefined) return { ...temporal, stop };
    return { ...temporal, server: await startServer(serverPath, temporal.address, update), stop };
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
    const { process: worker, ready } = superviseNode(partOf('worker', workerPath, address), {
      onStarted: (started) => update({ worker: started }),
      onReady: () => undefined,
      onDied: died('the worker'),
    });
    stopping.push(async () => await worker.stop());
    await ready;
  }

  async function startServer(
    script: string,
    temporal: string,
    update: (change: Partial<Runtime>) => void,
  ): Promise<string> {
    let started: ProcessIdentity | undefined;
    let address = '';
    const { process: server, ready } = superviseNode(partOf('server', script, temporal), {
      onStarted: (identity) => {
        started = identity;
        update({ server: { process: identity } });
      },
      onReady: (listening = '') => {
        // Where nobody chose a port, another start may have found another one.
        if (address !== '' && listening !== address) say(`the server listens on http://${listening} now`);
        address = listening;
        if (started !== undefined) update({ server: { address, process: started } });
      },
      onDied: died('the server'),
    });
    stopping.push(async () => await server.stop());
    await ready;
    return address;
  }

  function partOf(name: string, script: string, temporal: string): NodeProcess {
    return {
      name: `the ${name}`,
      script,
      env: { ...variables, TEMPORAL_ADDRESS: temporal },
      logPath: join(dataDir, 'logs', `${name}.log`),
      startWithinMs: partStartMs,
    };
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
  const leftovers = [runtime.server?.process, runtime.worker, runtime.temporal?.process].filter(
    (identity) => identity !== undefined,
  );
  for (const identity of leftovers) {
    say(`ending process ${identity.pid}, left behind by an earlier "ferry up"`);
    await endProcess(identity, leftoverGraceMs);
  }
  removeRuntime(dataDir);
}
