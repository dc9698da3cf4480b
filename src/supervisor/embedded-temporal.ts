import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { FerryError } from '../domain/ferry-error.js';
import { lastErrorIn, temporalFault, temporalKeepsEnding } from './embedded-temporal-fault.js';
import { findTemporal } from './find-temporal.js';
import { freePort } from './free-port.js';
import type { ProcessIdentity } from './process-identity.js';
import { SupervisedProcess } from './supervised-process.js';
import type { SupervisionEvents } from './supervised-process.js';

export interface TemporalAddresses {
  readonly address: string;
  /** Address of its web UI. */
  readonly ui: string;
}

export interface EmbeddedTemporal extends TemporalAddresses {
  /** Path of the `temporal` command. */
  readonly command: string;
  readonly process: SupervisedProcess;
  /** Rejects once, if it ended for a reason that another start does not change, or if it keeps ending. */
  readonly failed: Promise<never>;
}

export interface EmbeddedTemporalEvents extends Pick<SupervisionEvents, 'onDied'> {
  /** Also called for each restart, which keeps the addresses. */
  onStarted(identity: ProcessIdentity, addressOptions: TemporalAddresses): void;
}

/** This many exits in a row, each within seconds, are no accident. */
const maxExits = 4;

/**
 * Temporal's development server for one machine, with its data in `temporal.db`: started, but not yet answering. It
 * keeps its port while it is supervised, so that the worker reconnects after a restart. It forgets workflow runs a day
 * after their end, and uses their space again.
 *
 * @throws FerryError if there is no Temporal CLI
 */
export async function embedTemporal(
  { dataDir, namespace, variables }: { dataDir: string; namespace: string; variables: NodeJS.ProcessEnv },
  events: EmbeddedTemporalEvents,
): Promise<EmbeddedTemporal> {
  const file = await findTemporal(variables);
  const [own, ownUi] = portsOf(dataDir);
  const [port, uiPort] = [await freePort(own), await freePort(ownUi)];
  const addresses = { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${uiPort}` };
  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  const logPath = join(dataDir, 'logs', 'temporal.log');
  const watch = watchExits(dataDir, logPath);
  const process = new SupervisedProcess(
    {
      name: 'temporal',
      file,
      args: argumentsFor(port, uiPort, { dataDir, namespace }),
      env: variables,
      logPath,
      channel: false,
    },
    {
      onStarted: (identity) => events.onStarted(identity, addresses),
      onDied: (what) => {
        events.onDied(what);
        watch.exited();
      },
    },
  );
  process.start();
  return { ...addresses, command: file, process, failed: watch.failed };
}

/** Distinguishes exits that another start may fix from those that it cannot. */
function watchExits(dataDir: string, logPath: string): { readonly failed: Promise<never>; exited(): void } {
  let fail: (fault: FerryError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // Once the server has answered, no one waits for this promise.
  failed.catch(() => undefined);
  const logSize = (): number => statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  let seen = logSize();
  let exits = 0;
  return {
    failed,
    exited() {
      exits += 1;
      const words = lastErrorIn(logPath, seen);
      seen = logSize();
      const fault = temporalFault(words, dataDir);
      if (fault !== undefined) fail(fault);
      else if (exits >= maxExits) fail(temporalKeepsEnding(words, logPath));
    },
  };
}

function argumentsFor(
  port: number,
  uiPort: number,
  { dataDir, namespace }: { readonly dataDir: string; readonly namespace: string },
): string[] {
  const addressOptions = ['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)];
  const data = ['--db-filename', join(dataDir, 'temporal.db'), '--namespace', namespace, '--log-level', 'warn'];
  // One partition: the few tasks of a small fleet are not spread over four queues that are polled in turn.
  const partitions = ['Read', 'Write'].flatMap((kind) => [
    '--dynamic-config-value',
    `matching.numTaskqueue${kind}Partitions=1`,
  ]);
  // A write-ahead log: one write and one fsync for a transaction in place of several files and fsyncs. Every transaction is
  // on the disk before it counts, as without it.
  const journal = ['journal_mode=WAL', 'synchronous=FULL'].flatMap((pragma) => ['--sqlite-pragma', pragma]);
  return ['server', 'start-dev', ...addressOptions, ...data, ...journal, ...partitions];
}

/** The same ports for a data folder at each start, so that a user's `temporal --address …` keeps working. */
function portsOf(dataDir: string): readonly [number, number] {
  const number = createHash('sha256').update(dataDir).digest().readUInt16BE(0) % 5_000;
  return [20_000 + 2 * number, 20_001 + 2 * number];
}
