import type { TemporalClient } from '../../client/connect.js';
import { queuesFor } from '../../client/worker-presence.js';
import { readConfig } from '../../config/read-config.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { askForSync, waitForSync } from '../ask-for-sync.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { sayMissingWorkers, tellingOfMissingWorker } from '../missing-worker.js';
import { printJson, printLine, say } from '../output.js';
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
    if (wait) return await waitUnlessInterrupted(temporal, runId, { json, queues });
    await sayMissingWorkers(temporal, queues);
    if (json) printJson({ requested: true, runId });
    else printLine('A sync was asked for; "ferry sync --wait" waits for one, "ferry status" shows how things stand.');
    return ExitStatus.done;
  });
}

/** An interruption ends the waiting alone: the pass is Temporal's and the workers'. */
async function waitUnlessInterrupted(
  temporal: TemporalClient,
  runId: string,
  { json, queues }: { readonly json: boolean; readonly queues: readonly TaskQueue[] },
): Promise<number> {
  const interruption = interruptible();
  const { signal } = interruption;
  try {
    return await tellingOfMissingWorker(temporal, waitForSync(temporal, runId, { json, signal }), { queues });
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted; the pass goes on in the worker: "ferry status" shows how things stand');
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
}
