import type { TemporalClient } from '../client/connect.js';
import { queuesFor } from '../client/worker-availability.js';
import type { FerryConfig } from '../config/read-config.js';
import { TaskQueue } from '../contract/task-queues.js';
import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';
import { openNotifications, watchQueues } from './notification-parts.js';
import type { StatusDatabase } from './status-database.js';

export interface NotificationWatchOptions {
  readonly config: FerryConfig;
  readonly temporal: TemporalClient;
  readonly writing: StatusDatabase;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly everyMs?: number;
}

const standardEveryMs = 60_000;

/**
 * Checks from the server whether a worker polls each task queue. While none polls the main one, no worker can send a
 * notification: then the server sends those that wait.
 *
 * @returns ends the watch
 */
export function startNotificationWatch(options: NotificationWatchOptions): () => void {
  const { config, log, everyMs = standardEveryMs } = options;
  if (config.notifications.channels.length === 0) return () => undefined;
  let isChecking = false;
  const timer = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    void checkOnce(options)
      .catch((error: unknown) => {
        log.warn({ reason: errorMessage(error) }, 'task queues could not be checked for notifications');
      })
      .finally(() => {
        isChecking = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

async function checkOnce({ config, temporal, writing, log, signal }: NotificationWatchOptions): Promise<void> {
  const seen = await watchQueues(temporal, queuesFor(config.targets));
  if (seen.length === 0) return;
  await writing.read(async (stores) => {
    const notifications = openNotifications(config, stores, ({ channel, outcome, answer }) => {
      if (outcome !== 'sent') log.warn({ channel, outcome, answer }, 'notification not sent');
    });
    await notifications.observe(seen);
    const isServed = seen.every((one) => one.of !== 'queue' || one.name !== TaskQueue.main || one.isServed);
    if (isServed) return;
    const owner = `server ${process.pid}`;
    for (const channel of await notifications.waiting()) await notifications.deliver(channel, { owner, signal });
  });
}
