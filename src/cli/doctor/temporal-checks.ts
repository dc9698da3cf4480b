import { isWorkerPolling } from '../../client/worker-presence.js';
import type { PlaceConfig } from '../../config/place-config.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { FerryError } from '../../domain/ferry-error.js';
import { missingWorker } from '../missing-worker.js';
import { temporalPlace } from '../temporal-place.js';
import { withTemporal } from '../with-temporal.js';
import type { Check } from './check.js';

/** @param queues those that need a worker */
export function temporalChecks(config: PlaceConfig, queues: readonly TaskQueue[]): Check[] {
  const { address, namespace } = temporalPlace(config);
  return [
    {
      part: 'temporal',
      look: async () =>
        await withTemporal(config, async ({ client, soon }) => {
          await soon(async () => await client.workflowService.describeNamespace({ namespace }));
          const { serverVersion } = await soon(async () => await client.workflowService.getSystemInfo({}));
          return `${serverVersion ?? 'some version'} at ${address}, namespace ${namespace}`;
        }),
    },
    {
      part: 'workers',
      look: async () =>
        await withTemporal(config, async (temporal) => {
          const polling = await Promise.all(queues.map(async (queue) => await isWorkerPolling(temporal, queue)));
          const idle = queues.filter((_, position) => polling[position] !== true);
          if (idle.length === 0) return `polling ${queues.join(' and ')}`;
          throw new FerryError(idle.map(missingWorker).join('\n'), { code: 'temporal', decision: 'park' });
        }),
    },
  ];
}
