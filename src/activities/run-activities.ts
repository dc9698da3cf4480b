import { log } from '@temporalio/activity';

import type { RunActivities } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { RunStore } from '../database/run-store.js';
import type { TargetNameStore } from '../database/target-name-store.js';
import type { UploadSessionStore } from '../database/upload-session-store.js';
import type { WantedImageStore } from '../database/wanted/wanted-image-store.js';
import type { Target } from '../domain/target.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import type { CopyEngine } from '../planning/engine-ports.js';
import { takeOver } from '../planning/takeover.js';
import { cancelUnwantedUploads } from '../planning/unwanted-uploads.js';
import { activityIdentity } from './activity-identity.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface RunPorts {
  readonly wanted: WantedImageStore;
  readonly pushed: PushedImageStore;
  readonly runs: RunStore;
  readonly names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf'>;
  readonly uploads: Pick<UploadSessionStore, 'unwanted' | 'remove'>;
  readonly engine: Pick<CopyEngine, 'look' | 'cancelUpload'>;
  readonly targets: readonly Target[];
  readonly poolSize: number;
  readonly historyDays: number;
}

export function createRunActivities(ports: RunPorts): RunActivities {
  const { wanted, pushed, runs, targets, poolSize, historyDays } = ports;

  return {
    beginRun: activity(async ({ requests }) => {
      // The same activity tried again must not begin a second run: its identity is in its workflow run and its ID.
      const run = activityIdentity();
      const { startedAt } = await runs.begin({ id: run, reasons: requests.map(({ reason }) => reason) });
      return { id: run, startedAt, poolSize };
    }),
    adoptPresent: activity(
      async ({ after }) =>
        await withHeartbeat(undefined, async ({ signal }) => {
          const { refused: count, blocked: first } = await wanted.normalizeRows(
            after > beforeFirstRow ? 'changed' : 'all',
          );
          return { ...(await takeOver(ports, after, signal)), refused: { count, first } };
        }),
    ),
    findPending: activity(
      async ({ startedAt, limit, after }) =>
        await withHeartbeat(undefined, async () => await findPending({ since: startedAt, limit, after })),
    ),
    recordFault: activity(async ({ image, run, fault }) => {
      const { rows, readAt } = await wanted.wantedRows(image);
      const sourceFault = { ...fault, tagMissing: false };
      await pushed.recordOutcome(
        { image, rows: rows.map(({ id }) => id), targets: [], missingPlatforms: [], sourceFault, bytesRead: 0 },
        { targets, run, readAt: readAt },
      );
    }),
    finishRun: activity(async ({ run, totals, cancelled, failure }) => {
      await runs.finish({ id: run, summary: { ...totals, cancelled, failure } });
    }),
    pruneHistory: activity(async () => {
      await withHeartbeat(undefined, async ({ signal }) => {
        const { notCancelled } = await cancelUnwantedUploads(ports, signal);
        for (const [registry, count] of notCancelled) {
          log.warn('unfinished uploads could not be cancelled: the registry deletes them itself', { registry, count });
        }
        await runs.pruneHistory(historyDays, { signal });
      });
    }),
  };

  async function findPending(query: Parameters<WantedImageStore['pendingImages']>[0]) {
    const { refused: count, blocked } = await wanted.normalizeRows('changed');
    const page = await wanted.pendingImages(query);
    if (!(await wanted.forgetUnreadable([...page.asked, ...page.discovered]))) {
      return { ...page, refused: { count, first: blocked } };
    }
    const reread = await wanted.normalizeRows('changed');
    const first = [...blocked, ...reread.blocked];
    return { ...(await wanted.pendingImages(query)), refused: { count: count + reread.refused, first } };
  }
}
