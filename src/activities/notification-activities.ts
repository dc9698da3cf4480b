import { log } from '@temporalio/activity';

import type { NotificationActivities } from '../contract/activity-types.js';
import { errorMessage } from '../domain/error-message.js';
import type { NotificationService, NotificationServiceOptions } from '../notifications/notification-service.js';
import type { Observation } from '../notifications/plan-silence.js';
import { activityIdentity } from './activity-identity.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface NotificationPorts {
  readonly notifications: NotificationService;
  /** What Temporal says about task queues and schedules. */
  readonly watch: () => Promise<readonly Observation[]>;
}

export function createNotificationActivities({ notifications, watch }: NotificationPorts): NotificationActivities {
  return {
    watchSilence: activity(async () => {
      if (notifications.settings.channels.length === 0) return;
      let seen: readonly Observation[];
      try {
        seen = await watch();
      } catch (error) {
        // Temporal does not answer a question now: the next turn asks again.
        log.warn('task queues and schedules could not be checked', { reason: errorMessage(error) });
        return;
      }
      await notifications.observe(seen);
    }),
    planNotifications: activity(
      async () =>
        await withHeartbeat(undefined, async ({ signal }) => {
          if (notifications.settings.channels.length === 0) return { isConfigured: false, channels: [] };
          const { nextInMs } = await notifications.plan({ signal });
          return { isConfigured: true, channels: await notifications.waiting(), nextInMs };
        }),
    ),
    deliverNotifications: activity(
      async ({ channel }) =>
        await withHeartbeat(undefined, async ({ signal }) => {
          // A retry of this activity continues what the attempt before it has claimed.
          const owner = activityIdentity();
          const { sent, nextInMs } = await notifications.deliver(channel, { owner, signal });
          return { sent, nextInMs };
        }),
    ),
  };
}

/** Every attempt that did not get through is in the log of the worker, with the platform's words. */
export const logAttempt: NonNullable<NotificationServiceOptions['onAttempt']> = ({
  channel,
  outcome,
  answer,
  messageId,
}) => {
  if (outcome !== 'sent') log.warn('notification not sent', { channel, outcome, answer, messageId });
};
