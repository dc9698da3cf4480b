import type { CopyProgress } from '@image-ferry/registry';
import { activityInfo } from '@temporalio/activity';

import type { CopyActivities, CopyHeartbeat } from '../contract/activity-types.js';
import { TransferMeter } from '../domain/transfer-meter.js';
import { ImageTurns } from '../planning/image-turns.js';
import { runCopy } from '../planning/run-copy.js';
import type { CopyPorts } from '../planning/run-copy.js';
import { activity } from './activity.js';
import { breakLog } from './break-log.js';
import { withHeartbeat } from './with-heartbeat.js';

const finishedShown = 100;
const measureIntervalMs = 250;

export interface TransferPorts extends CopyPorts {
  /** Shared with the activities for many images of this process. */
  readonly turns?: ImageTurns | undefined;
}

export function createCopyActivities(ports: TransferPorts): CopyActivities {
  const { turns = new ImageTurns() } = ports;
  return {
    copyImage: activity(async (input) => {
      const before = heartbeatOfLastAttempt();
      return await withHeartbeat(before, async ({ signal, report }) => {
        const tally = new CopyTally(before, report);
        const logBreak = breakLog(input.image);
        const onProgress = (progress: CopyProgress): void => {
          tally.add(progress);
          logBreak(progress);
        };
        const options = { signal, onProgress, bytesRead: () => tally.bytesRead };
        return await turns.run(input.image, signal, async () => await runCopy(ports, input, options));
      });
    }),
  };
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
