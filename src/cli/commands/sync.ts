import { queuesFor } from '../../client/worker-presence.js';
import { readConfig } from '../../config/read-config.js';
import { SYNC_ALL_WORKFLOW_ID } from '../../contract/workflow-names.js';
import { askForSync, waitForSync } from '../ask-for-sync.js';
import { ExitStatus } from '../exit-status.js';
import { sayMissingWorkers, tellingOfMissingWorker } from '../missing-worker.js';
import { printJson, printLine } from '../output.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalPlace } from '../temporal-place.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { withTemporal } from '../with-temporal.js';
import { InvalidInput } from '../../domain/ferry-error.js';

export interface SyncOptions {
  readonly wait?: boolean;
  readonly backfill?: string;
  readonly json?: boolean;
}

export async function syncCommand({ wait = false, backfill, json = false }: SyncOptions): Promise<number> {
  const config = readConfig(process.env);
  if (backfill !== undefined) {
    const target = config.targets.find(({ name }) => name === backfill);
    if (target === undefined) {
      const known = config.targets.map(({ name }) => name).join(', ');
      throw new InvalidInput(`--backfill ${backfill}: no such target; configured are ${known}`, 'configuration');
    }
    // Only this needs the database: a sync that is asked for must not wait until that is loaded.
    const { withStores } = await import('../with-stores.js');
    const count = await withStores(config, async ({ console }) => await console.backfill(target));
    if (!json) printLine(`${count} ${count === 1 ? 'image is' : 'images are'} pending again for ${backfill}`);
  }

  return await withTemporal(config, async (temporal) => {
    const runId = await askForSync(
      temporal,
      backfill === undefined ? 'ferry sync' : `ferry sync --backfill ${backfill}`,
    );
    const queues = queuesFor(config.targets);
    if (wait) {
      const status = await unlessInterrupted(
        async (signal) =>
          await tellingOfMissingWorker(temporal, waitForSync(temporal, runId, { json, signal }), { queues }),
        () =>
          `the pass goes on in the worker: "ferry status" shows how things stand, and this stops it: ${cancelCommand(temporalPlace(config), SYNC_ALL_WORKFLOW_ID)}`,
      );
      return status ?? ExitStatus.failed;
    }
    await sayMissingWorkers(temporal, queues);
    if (json) printJson({ requested: true, runId });
    else printLine('A sync was asked for; "ferry sync --wait" waits for one, "ferry status" shows how things stand.');
    return ExitStatus.done;
  });
}
