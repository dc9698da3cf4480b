import { isWorkerPolling } from '../../client/worker-availability.js';
import type { BaseConfig } from '../../config/base-config.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { FerryError } from '../../domain/ferry-error.js';
import { findTemporal } from '../../supervisor/find-temporal.js';
import { missingWorker } from '../missing-worker-warning.js';
import { temporalConnection } from '../temporal-connection.js';
import { withTemporalAt } from '../with-temporal.js';
import type { Check } from './check.js';

/** @param queues those that need a worker */
export function temporalChecks(config: BaseConfig, queues: readonly TaskQueue[]): Check[] {
  let looked: Promise<string> | undefined;
  // One look for both: what is wrong with the server is told once, and workers are asked for where it answers.
  const server = async (): Promise<string> => await (looked ??= lookAtServer(config));
  return [
    // Without an address it is `ferry up` that runs a server.
    ...(config.temporal.address === undefined
      ? [{ part: 'temporal cli', look: async () => await findTemporal(process.env) }]
      : []),
    { part: 'temporal', look: server },
    {
      part: 'workers',
      look: async () => {
        await server().catch(() => {
          throw unserved('not known: only Temporal tells which workers there are; put "temporal" right first');
        });
        return await lookAtWorkers(config, queues);
      },
    },
  ];
}

async function lookAtServer(config: BaseConfig): Promise<string> {
  const place = temporalConnection(config);
  const { address, namespace, note } = place;
  return await withTemporalAt(place, async ({ client, withDeadline }) => {
    await withDeadline(async () => await client.workflowService.describeNamespace({ namespace }));
    const { serverVersion } = await withDeadline(async () => await client.workflowService.getSystemInfo({}));
    const where = `${serverVersion ?? 'some version'} at ${address}, namespace ${namespace}`;
    return note === undefined ? where : `${where}; ${note}`;
  });
}

async function lookAtWorkers(config: BaseConfig, queues: readonly TaskQueue[]): Promise<string> {
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
