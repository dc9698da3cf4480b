import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { assertServed } from '../client/connect.js';
import type { BaseConfig } from '../config/base-config.js';
import { abortable } from './abortable.js';
import { lockDataDir } from './data-lock.js';
import { embedTemporal } from './embedded-temporal.js';
import { superviseNode } from './node-process.js';
import type { NodeProcess } from './node-process.js';
import { endOrphans } from './orphan-processes.js';
import { identifyProcess } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';
import { RunningParts } from './running-parts.js';
import type { SupervisionEvents } from './supervised-process.js';
import { waitForTemporal } from './wait-for-temporal.js';

export interface FerryUpOptions {
  readonly config: BaseConfig;
  /** Compiled worker, started with this Node; absent: no worker is run. */
  readonly workerPath?: string | undefined;
  /** Compiled server; absent: no server is run. */
  readonly serverPath?: string | undefined;
  readonly variables: NodeJS.ProcessEnv;
  /** Prints a line for the user about an event. */
  readonly say: (line: string) => void;
  /** Aborts the start. */
  readonly signal: AbortSignal;
}

export interface FerryUp {
  readonly address: string;
  readonly ui?: string;
  /** Path of the `temporal` command that runs it. */
  readonly command?: string;
  /** Address that the HTTP server listens on: `host:port`. */
  readonly server?: string;
  stop(): Promise<void>;
}

/** The server answers within seconds; a busy machine gets a minute. */
const temporalStartMs = 60_000;
const partStartMs = 60_000;

/**
 * Runs everything on this machine: Temporal (unless one is configured), the worker and the server as supervised child
 * processes. Returns when the worker polls and the server listens. The children end with this process, however it ends.
 * Only if it is killed does the next start end them.
 *
 * @throws FerryError if the folder is locked or a part does not start; nothing is left running then
 * @throws the signal's reason, likewise
 */
export async function ferryUp(options: FerryUpOptions): Promise<FerryUp> {
  const { config, workerPath, serverPath, variables, say, signal } = options;
  const { dataDir, temporal: settings } = config;
  const lock = lockDataDir(dataDir);
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new TypeError('cannot identify this process');
  const parts = new RunningParts(dataDir, lock, { up: own, say });
  const stop = async (): Promise<void> => await parts.stop();

  try {
    await endOrphans(dataDir, lock.leftBehind, say);
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
    signal.throwIfAborted();
    const temporal = await startTemporal();
    if (workerPath !== undefined) await startWorker(workerPath, temporal.address);
    if (serverPath === undefined) return { ...temporal, stop };
    return { ...temporal, server: await startServer(serverPath, temporal.address), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function startTemporal(): Promise<Pick<FerryUp, 'address' | 'ui' | 'command'>> {
    const { namespace, connection, address: configured, advice } = settings;
    if (configured !== undefined) {
      parts.record('Temporal', undefined, { temporal: { address: configured } });
      const place = { address: configured, namespace, connection, advice };
      await abortable(signal, assertServed(place));
      return { address: configured };
    }
    const embedded = await embedTemporal(
      { dataDir, namespace, variables },
      {
        onStarted: (started, { address, ui }) =>
          parts.record('Temporal', started, { temporal: { address, ui, process: started } }),
        onDied: died('Temporal'),
      },
    );
    parts.add(embedded.process);
    const { address, ui, command } = embedded;
    const given = new AbortController();
    const answers = waitForTemporal(
      { address, namespace, connection },
      { withinMs: temporalStartMs, signal: AbortSignal.any([signal, given.signal]) },
    );
    try {
      await abortable(signal, Promise.race([answers, embedded.failed]));
    } finally {
      given.abort();
    }
    return { address, ui, command };
  }

  async function startWorker(script: string, address: string): Promise<void> {
    const { process: worker, ready } = superviseNode(partOf('worker', script, address), {
      onStarted: (started) => parts.record('the worker', started, { worker: started }),
      onReady: () => undefined,
      onDied: died('the worker'),
    });
    parts.add(worker);
    await abortable(signal, ready);
  }

  async function startServer(script: string, temporal: string): Promise<string> {
    let started: ProcessIdentity | undefined;
    let address = '';
    const { process: server, ready } = superviseNode(partOf('server', script, temporal), {
      onStarted: (identity) => {
        started = identity;
        parts.record('the server', identity, { server: { process: identity } });
      },
      onReady: (listening = '') => {
        // With the default address, a restart may have found another free port.
        if (address !== '' && listening !== address) say(`the server now listens on http://${listening}`);
        address = listening;
        if (started !== undefined) parts.record('the server', started, { server: { address, process: started } });
      },
      onDied: died('the server'),
    });
    parts.add(server);
    await abortable(signal, ready);
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
      say(`${name} ended (${signal ?? `exit status ${String(code)}`}); restarting in ${restartInMs} ms`);
  }
}
