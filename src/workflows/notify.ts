import { continueAsNew, isCancellation, log, sleep } from '@temporalio/workflow';

import type { NotifyState } from '../contract/notify-messages.js';
import { notifying } from './activity-proxies.js';
import { HistoryLimit } from './history-limit.js';
import { showDetails } from './show-details.js';
import { readFields, refuseUnknownFields, refused } from './typed-input.js';

const standardEveryMs = 10_000;
/** Waits are at least this long, so that a wrong clock is no busy loop. */
const shortestMs = 250;
/** Task queues and schedules are checked once in this time. */
const watchEveryMs = 60_000;

/**
 * Notifies people of what has changed: reads the state changes, keeps incidents, and sends the messages of each channel.
 * One runs per installation, with the ID `notify`. Everything that must not be lost is in the database: a new workflow
 * continues there. It ends when no channel is configured any more.
 */
export async function Notify(input?: NotifyState): Promise<void> {
  const { everyMs = standardEveryMs, continueAfterEvents } = readState(input);
  const limit = new HistoryLimit(continueAfterEvents);
  for (let sinceWatchMs = watchEveryMs; !limit.isReached();) {
    let waitMs = everyMs;
    try {
      if (sinceWatchMs >= watchEveryMs) {
        sinceWatchMs = 0;
        await notifying.watchSilence();
      }
      const { isConfigured, channels, nextInMs } = await notifying.planNotifications();
      if (!isConfigured) {
        showDetails('No channel is configured: a worker with channels starts this workflow again');
        return;
      }
      const delivered = await Promise.all(
        channels.map(async (channel) => await notifying.deliverNotifications({ channel })),
      );
      waitMs = Math.min(waitMs, nextInMs ?? waitMs, ...delivered.map((one) => one.nextInMs ?? waitMs));
    } catch (error) {
      // A bug must not silence all channels: the next turn tries again, and the error is in the log and in the history.
      if (isCancellation(error)) throw error;
      log.error('notifications were not planned or sent; the next turn tries again', { error });
    }
    waitMs = Math.max(shortestMs, waitMs);
    sinceWatchMs += waitMs;
    await sleep(waitMs);
  }
  await continueAsNew<typeof Notify>({ everyMs, continueAfterEvents });
}

function readState(input: unknown): NotifyState {
  const expected = 'Notify expects nothing, or {"everyMs": 10000}';
  const { everyMs, continueAfterEvents } = readFields(input, expected);
  refuseUnknownFields(input, ['everyMs', 'continueAfterEvents'], expected);
  for (const value of [everyMs, continueAfterEvents]) {
    if (value !== undefined && (typeof value !== 'number' || value < 1)) throw refused(expected);
  }
  return { everyMs: everyMs as number | undefined, continueAfterEvents: continueAfterEvents as number | undefined };
}
