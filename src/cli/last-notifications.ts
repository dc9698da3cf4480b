import { openNotifications } from '../composition/notification-parts.js';
import type { FerryConfig } from '../config/read-config.js';
import { errorMessage } from '../domain/error-message.js';
import type { NotificationService } from '../notifications/notification-service.js';
import { printMessage } from './output.js';
import { withStores } from './with-stores.js';

const longestMs = 30_000;

type NotifiedConfig = Pick<FerryConfig, 'notifications' | 'targets' | 'proxies' | 'database'>;

/**
 * Before a single run: the first call of an installation remembers where its notifications begin. The worker's own first
 * call could come after a short run, and take its failures for history.
 */
export async function beginNotifications(config: NotifiedConfig, signal: AbortSignal): Promise<void> {
  await unlessNotNotified(config, signal, async (notifications) => void (await notifications.plan({ signal })));
}

/**
 * Sends what a single run has brought before its processes end: there may be no later one that would. What cannot be sent
 * does not change the result of the run, and is reported.
 */
export async function sendLastNotifications(config: NotifiedConfig, signal: AbortSignal): Promise<void> {
  await unlessNotNotified(config, signal, async (notifications) => {
    await notifications.plan({ isLast: true, signal });
    const owner = `ferry up ${process.pid}`;
    for (const channel of await notifications.waiting()) {
      const { nextInMs } = await notifications.deliver(channel, { owner, signal, longestMs });
      if (nextInMs === undefined) continue;
      printMessage(`note: channel ${channel} has notifications that were not sent: "ferry notify log" shows them`);
    }
  });
}

async function unlessNotNotified(
  config: NotifiedConfig,
  signal: AbortSignal,
  work: (notifications: NotificationService) => Promise<void>,
): Promise<void> {
  if (config.notifications.channels.length === 0) return;
  try {
    await withStores(config, async (stores) => await work(openNotifications(config, stores)));
  } catch (error) {
    if (signal.aborted) return;
    printMessage(`note: notifications were not sent: ${errorMessage(error)}`);
  }
}
