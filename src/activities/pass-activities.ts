import { activityInfo } from '@temporalio/activity';

import type { PassActivities } from '../contract/activity-types.js';
import { FerryError } from '../domain/ferry-error.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { Target } from '../domain/target.js';
import type { AdoptionCandidate } from '../domain/wanted-image.js';
import { activity } from './activity.js';
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
  const { wanted, pushed, runs, engine, targets, poolSize, history, historyDays } = ports;

  return {
    beginPass: activity(async ({ requests }) => {
      // The same activity tried again must not begin a second pass: its identity is in its workflow run and its ID.
      const { workflowExecution, activityId } = activityInfo();
      const run = `${workflowExecution?.runId ?? 'run'}/${activityId}`;
      const { startedAt } = await runs.begin({ id: run, reasons: requests.map(({ reason }) => reason) });
      return { run, startedAt, poolSize };
    }),
    adoptPresent: activity(async ({ after }) => await withHeartbeat(undefined, ({ signal }) => adopt(after, signal))),
    findPending: activity(async ({ startedAt, limit }) => {
      await wanted.adoptRows();
      return await wanted.pendingImages({ since: startedAt, limit });
    }),
    recordFault: activity(async ({ image, run, reason }) => {
      const { rows, readAt } = await wanted.wantedRows(image);
      const sourceFault = { state: 'failed', code: 'internal', reason, tagMissing: false } as const;
      await pushed.recordOutcome(
        { image, rows: rows.map(({ id }) => id), targets: [], missingPlatforms: [], sourceFault, bytesRead: 0 },
        { targets, run, lookedAt: readAt },
      );
    }),
    finishPass: activity(async ({ run, totals, cancelled }) => {
      await runs.finish({ id: run, summary: { ...totals, cancelled } });
      await history.pruneHistory(historyDays);
    }),
  };

  async function adopt(
    after: number,
    signal: AbortSignal,
  ): Promise<{ adopted: number; next?: number; refused: number }> {
    const { refused } = await wanted.adoptRows();
    const candidates = await pushed.adoptionCandidates({ targets, after, limit: adoptionPage });
    const queue = [...candidates];
    let adopted = 0;
    await Promise.all(
      Array.from({ length: headsAtOnce }, async () => {
        for (let candidate = queue.shift(); candidate !== undefined; candidate = queue.shift()) {
          signal.throwIfAborted();
          if (await adoptOne(candidate, signal)) adopted += 1;
        }
      }),
    );
    const last = candidates.at(-1);
    const isLastPage = candidates.length < adoptionPage || last === undefined;
    return { adopted, refused, ...(isLastPage ? {} : { next: last.rowId }) };
  }

  /** A copy that is not there, or a target that does not answer, leaves the row to the ordinary way, which says why. */
  async function adoptOne(candidate: AdoptionCandidate, signal: AbortSignal): Promise<boolean> {
    const digests: { target: string; digest: string }[] = [];
    for (const { target, registryImageName } of candidate.copies) {
      try {
        const { host, path, tag = 'latest' } = parseImageReference(registryImageName);
        const found = await engine.head({ host, repository: path, tag }, { signal });
        if (found === undefined) return false;
        digests.push({ target, digest: found.digest });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof FerryError) return false;
        throw error;
      }
    }
    await pushed.recordAdoption(candidate, digests);
    return true;
  }
}
