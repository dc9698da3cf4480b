import { randomUUID } from 'node:crypto';

import type * as z from 'zod';

import type { TemporalClient } from '../../client/connect.js';
import { imageTransfers } from '../../client/image-transfers.js';
import { withTemporalErrors } from '../../client/retryable-temporal-errors.js';
import { pauseSchedule, resumeSchedule, showSchedules, triggerSchedule } from '../../client/schedule-actions.js';
import { startFetch } from '../../client/start-fetch.js';
import { cancelSync, isSyncRunning } from '../../client/sync-control.js';
import { requestSync, syncProgress } from '../../client/sync-requests.js';
import { UpstreamChecks } from '../../client/upstream-checks.js';
import type { UpstreamCheck } from '../../client/upstream-checks.js';
import { workflowDetails } from '../../client/workflow-details.js';
import type { ConsoleWork } from './console-work.js';
import type { Progress } from './run-schemas.js';
import { transferView } from './transfer-view.js';
import type { UpstreamCheck as CheckView } from './upstream-schemas.js';

const checksShown = 5;

/** Implements the console's work with Temporal. */
export function temporalConsoleWork(temporal: TemporalClient): ConsoleWork {
  const checks = new UpstreamChecks(temporal);
  return {
    progress: async () => await withTemporalErrors(async () => await readProgress(temporal)),
    requestSync: async (reason) =>
      void (await withTemporalErrors(async () => await requestSync(temporal, { id: randomUUID(), reason }))),
    cancelSync: async () => await withTemporalErrors(async () => await cancelSync(temporal)),
    schedules: async (ids) => await withTemporalErrors(async () => await showSchedules(temporal, ids)),
    changeSchedule: async (id, { action, note }) =>
      await withTemporalErrors(async () => {
        if (action === 'pause') return await pauseSchedule(temporal, id, note);
        return action === 'resume' ? await resumeSchedule(temporal, id, note) : await triggerSchedule(temporal, id);
      }),
    checks: async () =>
      await withTemporalErrors(async () => {
        const last = await checks.last(checksShown);
        const views = [...last].map(
          async ([upstream, some]): Promise<readonly [string, readonly z.infer<typeof CheckView>[]]> => [
            upstream,
            await Promise.all(some.map(async (check) => await checkView(temporal, check))),
          ],
        );
        return new Map(await Promise.all(views));
      }),
    requestCheck: async (upstream, scope) =>
      void (await withTemporalErrors(async () => await startFetch(temporal, upstream, { scope }))),
  };
}

async function readProgress(temporal: TemporalClient): Promise<z.infer<typeof Progress> | undefined> {
  // A query of an ended run would make a worker replay it.
  if (!(await isSyncRunning(temporal))) return undefined;
  const progress = await syncProgress(temporal);
  if (progress === undefined) return undefined;
  const transfers = await imageTransfers(temporal, progress);
  const { run, phase, queued, inFlight, result } = progress;
  const { images, pushed, waiting, retrying, blocked } = result;
  const totals = { images, pushed, waiting, retrying, blocked };
  return {
    run,
    phase,
    at: Date.now(),
    queued,
    inFlight: inFlight.length,
    ...totals,
    working: inFlight,
    transfers: [...transfers].map(([image, transfer]) => transferView(image, transfer)),
  };
}

async function checkView(temporal: TemporalClient, check: UpstreamCheck): Promise<z.infer<typeof CheckView>> {
  const { upstream: _upstream, result, ...known } = check;
  const waitsFor = check.state === 'running' ? await workflowDetails(temporal, check.workflowId) : undefined;
  const { release, previous, isNew, added = [], changed = [], removed = [], unchanged = 0 } = result ?? {};
  const { wanted = [], skipped = [], notes = [] } = result ?? {};
  return {
    id: `${check.runId} ${check.state}`,
    ...known,
    waitsFor,
    release,
    previous,
    isNew,
    added,
    changed,
    removed,
    unchanged,
    wanted,
    skipped,
    notes,
  };
}
