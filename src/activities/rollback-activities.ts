import type { RollbackActivities } from '../contract/activity-types.js';
import type { RollbackStore } from '../database/rollback-store.js';
import { prepareRollback, rollbackResult } from '../planning/rollback/prepare-rollback.js';
import type { PreparePorts } from '../planning/rollback/prepare-rollback.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface RollbackActivityPorts extends PreparePorts {
  readonly rollbacks: PreparePorts['rollbacks'] & Pick<RollbackStore, 'request'>;
}

export function createRollbackActivities(ports: RollbackActivityPorts): RollbackActivities {
  const { rollbacks } = ports;
  return {
    prepareRollback: activity(
      async (input) =>
        await withHeartbeat(undefined, async ({ signal }) => await prepareRollback(ports, input, signal)),
    ),
    requestRollback: activity(async (input) => await rollbacks.request(input)),
    readRollback: activity(async (input) => rollbackResult(input, await rollbacks.copy(input.image, input.target))),
  };
}
