import type { Check } from '../../checks/check.js';
import { assertNamespace } from '../../client/connect.js';
import { isWorkerPolling } from '../../client/worker-availability.js';
import type { BaseConfig } from '../../config/base-config.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { FerryError } from '../../domain/ferry-error.js';
import { findTemporal } from '../../supervisor/find-temporal.js';
import { missingWorker } from '../missing-worker-warning.js';
import { temporalConnection } from '../temporal-connection.js';
import { withTemporalAt } from '../with-temporal.js';

/** @param queues those that need a worker */
export function temporalChecks(config: BaseConfig, queues: readonly TaskQueue[]): Check[] {
  let serverCheck: Promise<string> | undefined;
  // Both checks share one request: an error of the server is reported once, and workers are checked only if it answers.
  const server = async (): Promise<string> => await (serverCheck ??= checkServer(config));
  return [
    // Without an address, `ferry up` runs a server.
    ...(config.temporal.address === undefined
      ? [{ part: 'temporal cli', run: async () => await findTemporal(process.env) }]
      : []),
    { part: 'temporal', run: server },
    {
      part: 'workers',
      run: async () => {
        await server().catch(() => {
          throw unserved('unknown: only Temporal knows its workers; fix "temporal" first');
        });
        return await checkWorkers(config, queues);
      },
    },
  ];
}

async function checkServer(config: BaseConfig): Promise<string> {
  const connection = temporalConnection(config);
  const { address, namespace, note } = connection;
  return await withTemporalAt(connection, async (temporal) => {
    const { client, withDeadline } = temporal;
    await assertNamespace(temporal);
    const { serverVersion } = await withDeadline(async () => await client.workflowService.getSystemInfo({}));
    const where = `${serverVersion ?? 'unknown version'} at ${address}, namespace ${namespace}`;
    return note === undefined ? where : `${where}; ${note}`;
  });
}

async function checkWorkers(config: BaseConfig, queues: readonly TaskQueue[]): Promise<string> {
  return await withTemporalAt(temporalConnection(config), async (temporal) => {
    const polling = await Promise.all(queues.map(async (queue) => await isWorkerPolling(temporal, queue)));
    const idle = queues.filter((_, position) => polling[position] !== true);
    if (idle.length === 0) return `polling ${queues.join(' and ')}`;
    throw unserved(idle.map(missingWorker).join('\n'));
  });
}

function unserved(message: string): FerryError {
  return new FerryError(message, { code: 'temporal', decision: 'block' });
}
