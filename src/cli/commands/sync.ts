import { queuesFor } from '../../client/worker-availability.js';
import { readConfig } from '../../config/read-config.js';
import { syncAllWorkflowId } from '../../contract/workflow-names.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printMissingWorkers, warningOfMissingWorker } from '../missing-worker-warning.js';
import { printJson, printLine } from '../output.js';
import { requestAndReportSync, waitForSync } from '../request-sync.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { withTemporal } from '../with-temporal.js';

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
      throw new InvalidInput(`--backfill ${backfill}: unknown target; configured: ${known}`, 'configuration');
    }
    // Only --backfill needs the database: a plain sync request does not wait for it to load.
    const { withStores } = await import('../with-stores.js');
    const count = await withStores(config, async ({ actions }) => await actions.backfill(target));
    if (!json) printLine(`${count} ${count === 1 ? 'image is' : 'images are'} pending again for ${backfill}`);
  }

  return await withTemporal(config, async (temporal) => {
    const runId = await requestAndReportSync(
      temporal,
      backfill === undefined ? 'ferry sync' : `ferry sync --backfill ${backfill}`,
    );
    const queues = queuesFor(config.targets);
    if (wait) {
      const status = await unlessInterrupted(
        async (signal) =>
          await warningOfMissingWorker(temporal, waitForSync(temporal, runId, { json, signal }), { queues }),
        () =>
          `the worker continues the sync run: "ferry status" shows its state. To cancel it: ${cancelCommand(temporalConnection(config), syncAllWorkflowId)}`,
      );
      return status ?? ExitStatus.failed;
    }
    await printMissingWorkers(temporal, queues);
    if (json) printJson({ requested: true, runId });
    else printLine('Sync requested. "ferry sync --wait" waits for the result, "ferry status" shows the state.');
    return ExitStatus.done;
  });
}
