import { hostname } from 'node:os';

import { isWorkerPolling } from '../../client/worker-availability.js';
import { readBaseConfig } from '../../config/read-config.js';
import { TaskQueue } from '../../contract/task-queues.js';
import { FerryError } from '../../domain/ferry-error.js';
import { runWorker } from '../../worker.js';
import { ExitStatus } from '../exit-status.js';
import { printLine } from '../output.js';
import { temporalConnection } from '../temporal-connection.js';
import { withTemporalAt } from '../with-temporal.js';

export interface WorkerOptions {
  /** Starts no worker; checks whether one of this machine or container is polling. */
  readonly check?: boolean;
}

export async function workerCommand({ check = false }: WorkerOptions): Promise<number> {
  if (check) return await checkWorker();
  await runWorker(process.env);
  return ExitStatus.done;
}

/** For health checks: a worker that hangs or has lost Temporal stops polling. */
async function checkWorker(): Promise<number> {
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
