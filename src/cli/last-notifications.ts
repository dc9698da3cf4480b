import { openNotifications } from '../composition/notification-parts.js';
import type { FerryConfig } from '../config/read-config.js';
import { errorMessage } from '../domain/error-message.js';
import { printMessage } from './output.js';
import { withStores } from './with-stores.js';

const longestMs = 30_000;

/**
 * Sends what a single run has brought before its processes end: there may be no later one that would. What cannot be sent
 * does not change the result of the run, and is reported.
 */
export async function sendLastNotifications(config: FerryConfig, signal: AbortSignal): Promise<void> {
  if (config.notifications.channels.length === 0) return;
  try {
    await withStores(config, async (stores) => {
      const notifications = openNotifications(config, stores);
      await notifications.plan({ isLast: true, signal });
      const owner = `ferry up ${process.pid}`;
      for (const channel of await notifications.waiting()) {
        const { nextInMs } = await notifications.deliver(channel, { owner, signal, longestMs });
        if (nextInMs === undefined) continue;
        printMessage(`note: channel ${channel} has notifications that were not sent: "ferry notify log" shows them`);
      }
    });
  } catch (error) {
    if (signal.aborted) return;
    printMessage(`note: notifications were not sent: ${errorMessage(error)}`);
  }
}
