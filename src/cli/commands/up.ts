import { fileURLToPath } from 'node:url';

import { connectClient } from '../../client/connect.js';
import { readConfig } from '../../config/read-config.js';
import { ferryUp } from '../../supervisor/ferry-up.js';
import { askForSync, waitForSync } from '../ask-for-sync.js';
import { ExitStatus } from '../exit-status.js';
import { say } from '../output.js';
import { withStores } from '../with-stores.js';

export interface UpOptions {
  readonly untilIdle?: boolean;
  readonly json?: boolean;
}

export async function upCommand({ untilIdle = false, json = false }: UpOptions): Promise<number> {
  const config = readConfig(process.env);
  const stopped = stopSignal();
  // The database is opened here first: a wrong password is one clear message, not a worker that dies again and again.
  await withStores(config, async () => undefined);

  say('Starting Temporal and the worker ...');
  const workerPath = fileURLToPath(new URL('../../worker-main.js', import.meta.url));
  const up = await ferryUp({ config, workerPath, variables: process.env, say });
  try {
    say(`Temporal: ${up.address}${up.ui === undefined ? '' : `, its pages: ${up.ui}`}`);
    say(`Targets: ${config.targets.map(({ name, registry }) => `${name} (${registry})`).join(', ')}`);
    say(`Data and logs: ${config.dataDir}`);

    const { namespace, connection } = config.temporal;
    const temporal = await connectClient({ address: up.address, namespace, connection });
    try {
      const runId = await askForSync(temporal, 'ferry up');
      if (untilIdle) {
        return await Promise.race([waitForSync(temporal, runId, json), stopped.then(() => ExitStatus.failed)]);
      }
      say('Running; Ctrl-C stops it, what is in work goes on at the next start.');
      await stopped;
      return ExitStatus.done;
    } finally {
      await temporal.close();
    }
  } finally {
    await up.stop();
  }
}

/** Comes when somebody wants this process to end; a second Ctrl-C ends it at once. */
async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      say('Stopping ...');
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}
