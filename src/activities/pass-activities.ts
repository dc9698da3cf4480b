import { activityInfo } from '@temporalio/activity';

import type { PassActivities } from '../contract/activity-types.js';
import type { Target } from '../domain/target.js';
import { activity } from './activity.js';
import { findCopies } from './adopt-copies.js';
import type { CopyEngine } from './engine-ports.js';
import type { History, PushedImages, Runs, WantedImages } from './ports.js';
import { withHeartbeat } from './with-heartbeat.js';

/** Rows in one activity, and HEADs at once: a thousand rows of a takeover cost a handful of events and seconds. */
const adoptionPage = 500;
const headsAtOnce = 8;

export interface PassPorts {
  readonly wanted: WantedImages;
  readonly pushed: PushedImages;
  readonly runs: Runs;
  readonly engine: Pick<CopyEngine, 'head'>;
  readonly targets: readonly Target[];
  readonly poolSize: number;
  readonly history: History;
  readonly historyDays: number;
}

export function createPassActivities(ports: PassPorts): PassActivities {
  const { wanted, pushed, runs, targets, poolSize, history, historyDays } = ports;

  return {
    beginPass: activity(async ({ requests }) => {
      // The same activity tried again must not begin a second pass: its identity is in its workflow run and its ID.
      const { workflowExecution, activityId } = activityInfo();
      const run = `${workflowExecution?.runId ?? 'run'}/${activityId}`;
      const { startedAt } = await runs.begin({ id: run, reasons: requests.map(({ reason }) => reason) });
      return { run, startedAt, poolSize };
    }),
    adoptPresent: activity(async ({ after }) => await withHeartbeat(undefined, ({ signal }) => adopt(after, signal))),
    findPending: activity(
      async ({ startedAt, limit }) =>
        await withHeartbeat(undefined, async () => await findPending({ since: startedAt, limit })),
    ),
    recordFault: activity(async ({ image, run, fault }) => {
      const { rows, readAt } = await wanted.wantedRows(image);
      const sourceFault = { ...fault, tagMissing: false };
      await pushed.recordOutcome(
        { image, rows: rows.map(({ id }) => id), targets: [], missingPlatforms: [], sourceFault, bytesRead: 0 },
        { targets, run, lookedAt: readAt },
      );
    }),
    finishPass: activity(async ({ run, totals, cancelled, failure }) => {
      await runs.finish({ id: run, summary: { ...totals, cancelled, ...(failure === undefined ? {} : { failure }) } });
    }),
    pruneHistory: activity(async () => {
      await withHeartbeat(undefined, async ({ signal }) => await history.pruneHistory(historyDays, { signal }));
    }),
  };

  async function findPending(query: { readonly since: number; readonly limit: number }) {
    const { refused } = await wanted.adoptRows();
    const images = await wanted.pendingImages(query);
    if (!(await wanted.forgetUnreadable(images))) return { images, refused };
    const reread = await wanted.adoptRows();
    return { images: await wanted.pendingImages(query), refused: refused + reread.refused };
  }

  /**
   * Whatever is not adopted here gets a plan of its own, which asks again and says why. A target that could not be asked
   * once is not asked for every row of a page.
   */
  async function adopt(
    after: number,
    signal: AbortSignal,
  ): Promise<{ adopted: number; next?: number; refused: number }> {
    const { refused } = await wanted.adoptRows();
    const candidates = await pushed.adoptionCandidates({ targets, after, limit: adoptionPage });
    const queue = [...candidates];
    // A daemon cannot look at a tag without pulling it.
    const behindDaemons = targets.filter((target) => target.engine === 'docker');
    const silent = new Set(behindDaemons.map(({ name }) => name));
    let adopted = 0;
    await Promise.all(
      Array.from({ length: headsAtOnce }, async () => {
        for (let candidate = queue.shift(); candidate !== undefined; candidate = queue.shift()) {
          signal.throwIfAborted();
          if (candidate.copies.some(({ target }) => silent.has(target))) continue;
          const found = await findCopies(candidate, ports.engine, signal);
          if (found.kind === 'unknown') for (const { target } of found.left) silent.add(target);
          if (found.kind !== 'there') continue;
          await pushed.recordAdoption(candidate, found.copies);
          adopted += 1;
        }
      }),
    );
    const last = candidates.at(-1);
    const isLastPage = candidates.length < adoptionPage || last === undefined;
    return { adopted, refused, ...(isLastPage ? {} : { next: last.rowId }) };
  }
}
