import { CheckWarning } from '../../checks/check.js';
import type { Check } from '../../checks/check.js';
import { isWorkerPolling } from '../../client/worker-availability.js';
import { examineDocker } from '../../composition/open-docker-engine.js';
import type { FerryConfig } from '../../config/read-config.js';
import { TaskQueue } from '../../contract/task-queues.js';
import { errorMessage } from '../../domain/error-message.js';
import { temporalConnection } from '../temporal-connection.js';
import { withTemporalAt } from '../with-temporal.js';

/** Checks the Docker command, its daemon and its image store; no check if no target is reached through a daemon. */
export function dockerChecks(config: FerryConfig): readonly Check[] {
  const targets = config.targets.filter(({ engine }) => engine === 'docker').map(({ name }) => name);
  if (targets.length === 0) return [];
  return [
    {
      part: 'docker',
      async run(signal) {
        try {
          const { client, daemon } = await examineDocker(config, signal);
          return `command ${client}, daemon ${daemon} with its classic image store, for ${targets.join(', ')}`;
        } catch (error) {
          const reason = errorMessage(error);
          if (!(await isServedElsewhere(config))) throw error;
          throw new CheckWarning(
            `not available on this machine, but a worker on another machine serves ${targets.join(', ')}: ${reason}`,
          );
        }
      },
    },
  ];
}

async function isServedElsewhere(config: FerryConfig): Promise<boolean> {
  try {
    return await withTemporalAt(
      temporalConnection(config),
      async (temporal) => (await isWorkerPolling(temporal, TaskQueue.docker)) === true,
    );
  } catch {
    // Temporal has a check of its own.
    return false;
  }
}
