import type { ImageActivities } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import { ImagePlanner } from '../planning/plan-image.js';
import type { PlanPorts } from '../planning/plan-image.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface ImagePorts extends PlanPorts {
  readonly pushed: PlanPorts['pushed'] & Pick<PushedImageStore, 'recordOutcome'>;
}

export function createImageActivities(ports: ImagePorts): ImageActivities {
  const { pushed, targets } = ports;
  const planner = new ImagePlanner(ports);

  return {
    planImage: activity(
      async ({ image, lastAttempt = false }) =>
        await withHeartbeat(undefined, ({ signal }) => planner.plan(image, { signal, lastAttempt })),
    ),
    recordImage: activity(
      async ({ outcome, run, readAt }) =>
        await withHeartbeat(undefined, async () => await pushed.recordOutcome(outcome, { targets, run, readAt })),
    ),
  };
}
