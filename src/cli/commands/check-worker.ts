import { hostname } from 'node:os';

import { isWorkerPolling } from '../../client/worker-availability.js';
import { readBaseConfig } from '../../config/base-config.js';
import { TaskQueue } from '../../contract/task-queues.js';
import { FerryError } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printLine } from '../output.js';
import { temporalConnection } from '../temporal-connection.js';
import { withTemporalAt } from '../with-temporal.js';

/**
 * `ferry worker --check`, for health checks: checks whether a worker of this machine or container is polling. One that
 * hangs or has lost Temporal stops polling.
 */
export async function checkWorker(): Promise<number> {
  const connection = temporalConnection(readBaseConfig(process.env));
  const queues = [TaskQueue.main, TaskQueue.copy];
  await withTemporalAt(connection, async (temporal) => {
    for (const queue of queues) {
      if ((await isWorkerPolling(temporal, queue, hostname())) === true) continue;
      throw new FerryError(`no worker of ${hostname()} is polling task queue ${queue} at ${connection.address}`, {
        code: 'temporal',
        decision: 'retry',
      });
    }
  });
  printLine(`A worker of ${hostname()} is polling ${queues.join(' and ')} at ${connection.address}.`);
  return ExitStatus.done;
}
