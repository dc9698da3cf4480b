import type { CopyProgress } from '@image-ferry/registry';
import { parseDigest } from '@image-ferry/registry/digest';
import { parseImageReference } from '@image-ferry/registry/reference';
import { activityInfo, log } from '@temporalio/activity';

import type {
  CopyActivities,
  CopyHeartbeat,
  CopyImageInput,
  CopyImageResult,
  Destination,
} from '../contract/activity-types.js';
import { toFault } from '../contract/to-fault.js';
import { NewStalls } from '../domain/new-stalls.js';
import type { Target } from '../domain/target.js';
import { TransferMeter, describeContinued, describeStall } from '../domain/transfer-meter.js';
import { copyRecipes, copyTargets, openTarget, pushedOutcome, selectionOf } from '../planning/copy-wire.js';
import type { CopyEngine } from '../planning/engine-ports.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

const finishedShown = 100;
const measureIntervalMs = 250;

export interface CopyPorts {
  readonly engine: Pick<CopyEngine, 'copy'>;
  readonly targets: readonly Target[];
}

export function createCopyActivities({ engine, targets }: CopyPorts): CopyActivities {
  return { copyImage: activity(copyImage) };

  async function copyImage(input: CopyImageInput): Promise<CopyImageResult> {
    const before = heartbeatOfLastAttempt();
    return await withHeartbeat(before, async ({ signal, report }) => {
      const tally = new CopyTally(before, report);
      const stalls = new NewStalls();
      const request = {
        source: parseImageReference(input.from ?? input.image),
        sourceDigest: parseDigest(input.sourceDigest),
        platforms: selectionOf(input.platforms),
        targets: copyTargets(input.destinations, targets),
        ...(input.force === true ? { force: true } : {}),
      };
      const recipes = copyRecipes(input.platforms, targets);
      try {
        const onProgress = (progress: CopyProgress): void => {
          tally.add(progress);
          logBreak(input.image, progress, stalls);
        };
        const copied = await engine.copy(request, { signal, onProgress });
        return {
          done: copied.targets.map((result) => pushedOutcome(result, recipes.get(result.target))),
          open: copied.failures.map((failure) => openTarget(failure, input.destinations)),
          bytesRead: tally.bytesRead,
        };
      } catch (error) {
        signal.throwIfAborted();
        const sourceFault = toFault(error);
        // What the database does not give says nothing about the source.
        if (sourceFault === undefined || sourceFault.code === 'database') throw error;
        return { done: [], open: input.destinations.map(untouched), bytesRead: tally.bytesRead, sourceFault };
      }
    });
  }
}

function untouched(destination: Destination): { readonly destination: Destination } {
  return { destination };
}

/** Each break and each stall is logged once. */
function logBreak(image: string, progress: CopyProgress, stalls: NewStalls): void {
  const isNewStall = stalls.isNew(progress);
  if (progress.type === 'continued') {
    const { target, digest } = progress;
    log.info(`upload ${describeContinued(progress)}`, { image, target, digest });
  } else if (progress.type === 'stalled' && isNewStall) {
    const { target, digest } = progress;
    log.warn(`transfer ${describeStall(progress)}`, { image, target, digest });
  }
}

/** Counts over all attempts: what was read before a crash was read. */
class CopyTally {
  readonly #report: (details: CopyHeartbeat) => void;
  readonly #meter = new TransferMeter();
  #state: CopyHeartbeat;
  #measuredAt = -Infinity;

  constructor(before: CopyHeartbeat, report: (details: CopyHeartbeat) => void) {
    this.#state = before;
    this.#report = report;
  }

  get bytesRead(): number {
    return this.#state.bytesRead;
  }

  add(progress: CopyProgress): void {
    const { bytesRead, bytesSent, finished } = this.#state;
    const transfer = this.#measured(progress);
    switch (progress.type) {
      case 'read':
        this.#state = { bytesRead: bytesRead + progress.bytes, bytesSent, finished, transfer };
        break;
      case 'sent':
        this.#state = { bytesRead, bytesSent: bytesSent + progress.bytes, finished, transfer };
        break;
      case 'blob':
        this.#state = {
          bytesRead,
          bytesSent,
          finished: [...finished, `${progress.target} ${progress.digest}`].slice(-finishedShown),
          transfer,
        };
        break;
      default:
        this.#state = { bytesRead, bytesSent, finished, transfer };
    }
    this.#report(this.#state);
  }

  /** Taken a few times a second: a heartbeat needs no more, and the events are many. */
  #measured(progress: CopyProgress): CopyHeartbeat['transfer'] {
    const now = performance.now();
    this.#meter.add(progress, now);
    if (this.#state.transfer !== undefined && now - this.#measuredAt < measureIntervalMs) return this.#state.transfer;
    this.#measuredAt = now;
    return this.#meter.state(now);
  }
}

/** Heartbeats of older workers may have had another shape: what cannot be read counts as nothing. */
function heartbeatOfLastAttempt(): CopyHeartbeat {
  const details: unknown = activityInfo().heartbeatDetails;
  const known: Partial<Record<keyof CopyHeartbeat, unknown>> =
    typeof details === 'object' && details !== null ? details : {};
  return {
    bytesRead: typeof known.bytesRead === 'number' ? known.bytesRead : 0,
    bytesSent: typeof known.bytesSent === 'number' ? known.bytesSent : 0,
    finished: Array.isArray(known.finished) ? known.finished.filter((entry) => typeof entry === 'string') : [],
  };
}
