import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { findTemporal } from './find-temporal.js';
import { freePort } from './free-port.js';
import type { SupervisionEvents } from './supervised-process.js';
import { SupervisedProcess } from './supervised-process.js';

export interface EmbeddedTemporal {
  readonly address: string;
  /** Address of its web page. */
  readonly ui: string;
  readonly process: SupervisedProcess;
}

/**
 * Temporal's own server for one machine, with its data in `temporal.db`: started, not yet answering. It keeps its port
 * while it is supervised, so that the worker finds it again after a restart.
 *
 * @throws FerryError when there is no Temporal CLI
 */
export async function embedTemporal(
  { dataDir, namespace, variables }: { dataDir: string; namespace: string; variables: NodeJS.ProcessEnv },
  events: SupervisionEvents,
): Promise<EmbeddedTemporal> {
  const file = findTemporal(variables);
  const [port, uiPort] = [await freePort(), await freePort()];
  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  const process = new SupervisedProcess(
    {
      name: 'temporal',
      file,
      args: [
        ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
        ...['--db-filename', join(dataDir, 'temporal.db'), '--namespace', namespace, '--log-level', 'warn'],
        // One partition: tasks of a small fleet are not spread over four queues that are each polled in turn.
        ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
        ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
      ],
      env: variables,
      logPath: join(dataDir, 'logs', 'temporal.log'),
      channel: false,
    },
    events,
  );
  process.start();
  return { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${uiPort}`, process };
}
