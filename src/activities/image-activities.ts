import { activityInfo, Context } from '@temporalio/activity';

import type { BatchActivities, ImageActivities, SyncImagesHeartbeat } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import { nothingOver } from '../planning/batch-tally.js';
import { syncBatch } from '../planning/image-batch.js';
import type { BatchPorts } from '../planning/image-batch.js';
import { ImageSlots } from '../planning/image-slots.js';
import { ImageTurns } from '../planning/image-turns.js';
import { ImagePlanner } from '../planning/plan-image.js';
import { TargetOutages } from '../planning/target-outages.js';
import { activity } from './activity.js';
import { breakLog } from './break-log.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface ImagePorts extends BatchPorts {
  readonly pushed: BatchPorts['pushed'] & Pick<PushedImageStore, 'recordOutcome'>;
  /** Shared with the copies of this process. */
  readonly turns?: ImageTurns | undefined;
}

export function createImageActivities(ports: ImagePorts): ImageActivities & BatchActivities {
  const { pushed, targets } = ports;
  const planner = new ImagePlanner(ports);
  const parts = {
    ports,
    planner,
    slots: new ImageSlots(),
    turns: ports.turns ?? new ImageTurns(),
    outages: new TargetOutages(),
  };

  return {
    planImage: activity(
      async ({ image, lastAttempt = false }) =>
        await withHeartbeat(undefined, ({ signal }) => planner.plan(image, { signal, lastAttempt })),
    ),
    recordImage: activity(
      async ({ outcome, run, readAt }) =>
        await withHeartbeat(undefined, async () => await pushed.recordOutcome(outcome, { targets, run, readAt })),
    ),
    syncImages: activity(async (input) => {
      const before = heartbeatOfLastAttempt();
      let describe = (): SyncImagesHeartbeat => before ?? nothingOver;
      try {
        return await withHeartbeat(before ?? nothingOver, async ({ signal, reportFrom }) => {
          const report = (next: typeof describe): void => reportFrom((describe = next));
          return await syncBatch(parts, { ...input, before, signal, reportFrom: report, watch: breakLog });
        });
      } catch (error) {
        // A cancelled run counts what it recorded.
        if (Context.current().cancellationDetails?.cancelRequested !== true) throw error;
        return { settled: describe().settled, single: [] };
      }
    }),
  };
}

/** Undefined in the first attempt; empty if the attempt before died without a heartbeat. */
function heartbeatOfLastAttempt(): SyncImagesHeartbeat | undefined {
  const { attempt, heartbeatDetails } = activityInfo();
  const details: unknown = heartbeatDetails;
  if (isHeartbeat(details)) return details;
  return attempt === 1 ? undefined : nothingOver;
}

function isHeartbeat(details: unknown): details is SyncImagesHeartbeat {
  if (typeof details !== 'object' || details === null) return false;
  const lists = ['over', 'single'].map((name) => (details as Record<string, unknown>)[name]);
  return lists.every(Array.isArray) && 'settled' in details;
}
