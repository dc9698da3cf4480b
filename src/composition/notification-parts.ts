import type { TemporalClient } from '../client/connect.js';
import { ensureNotify } from '../client/ensure-notify.js';
import { showSchedules } from '../client/schedule-actions.js';
import { isWorkerPolling, queuesFor } from '../client/worker-availability.js';
import type { FerryConfig } from '../config/read-config.js';
import type { TaskQueue } from '../contract/task-queues.js';
import type { Stores } from '../database/stores.js';
import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';
import { createNotificationService } from '../notifications/notification-service.js';
import type { NotificationService, NotificationServiceOptions } from '../notifications/notification-service.js';
import type { Observation } from '../notifications/plan-silence.js';
import { proxiedFetch } from './proxied-fetch.js';

/** Notifications as the configuration wants them, sent through its proxies. */
export function openNotifications(
  { notifications: settings, targets, proxies }: Pick<FerryConfig, 'notifications' | 'targets' | 'proxies'>,
  stores: Pick<Stores, 'notifications' | 'notificationPlans'>,
  onAttempt?: NotificationServiceOptions['onAttempt'],
): NotificationService {
  return createNotificationService({
    settings,
    targets: targets.map(({ name }) => name),
    notifications: stores.notifications,
    notificationPlans: stores.notificationPlans,
    fetch: proxiedFetch(proxies),
    ...(onAttempt === undefined ? {} : { onAttempt }),
  });
}

/** What Temporal says now about the task queues and schedules of the configuration. */
export async function watchTemporal(
  temporal: TemporalClient,
  { targets, schedules }: Pick<FerryConfig, 'targets' | 'schedules'>,
): Promise<readonly Observation[]> {
  const queues = await watchQueues(temporal, queuesFor(targets));
  if (!schedules.areKept) return queues;
  const views = await showSchedules(
    temporal,
    schedules.settings.map(({ id }) => id),
  );
  return [
    ...queues,
    ...views.map(({ id, exists, paused, last, next }): Observation => {
      return { of: 'schedule', name: id, exists, isPaused: paused, lastAt: last?.at, nextAt: next[0] };
    }),
  ];
}

/** Queues that Temporal says nothing about are left out. */
export async function watchQueues(
  temporal: TemporalClient,
  queues: readonly TaskQueue[],
): Promise<readonly Observation[]> {
  const polling = await Promise.all(queues.map(async (queue) => await isWorkerPolling(temporal, queue)));
  return queues.flatMap((name, position): Observation[] => {
    const isServed = polling[position];
    return isServed === undefined ? [] : [{ of: 'queue', name, isServed }];
  });
}

/** A worker that cannot start the workflow still copies; that people are not notified has to be visible in the log. */
export async function notifyOnStart(
  temporal: TemporalClient,
  { notifications: { channels } }: Pick<FerryConfig, 'notifications'>,
  logger: Logger,
): Promise<void> {
  if (channels.length === 0) return;
  try {
    await ensureNotify(temporal);
    logger.info({ channels: channels.map(({ name }) => name) }, 'notifications are sent');
  } catch (error) {
    const reason = errorMessage(error);
    logger.error({ reason }, 'could not start the workflow that sends notifications: restart the worker to try again');
  }
}
