import type { NotificationPlanStore } from '../database/notification-plan-store.js';
import type { NotificationStore } from '../database/notification-store.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { NotificationChannel, NotificationSettings } from '../domain/notifications/settings.js';
import { createSender } from './create-sender.js';
import { deliver, deliverOnly } from './deliver.js';
import type { Delivered, DeliveryAttempt } from './deliver.js';
import { messageFor } from './outgoing.js';
import { planNotifications } from './plan-notifications.js';
import type { Planned } from './plan-notifications.js';
import { planSilence } from './plan-silence.js';
import type { Observation } from './plan-silence.js';
import type { SendResult } from './sender.js';

export interface NotificationServiceOptions {
  readonly settings: NotificationSettings;
  /** Names of the configured targets. */
  readonly targets: readonly string[];
  readonly notifications: NotificationStore;
  readonly notificationPlans: NotificationPlanStore;
  /** Through the proxies of the configuration. */
  readonly fetch: typeof fetch;
  readonly onAttempt?: (attempt: DeliveryAttempt & { readonly channel: string }) => void;
}

export interface DeliveryLimits {
  /** Identifies who sends: after a crash it may continue at once. */
  readonly owner: string;
  readonly signal: AbortSignal;
  /** @see DeliverOptions.patienceMs */
  readonly patienceMs?: number;
  /** @see DeliverOptions.longestMs */
  readonly longestMs?: number;
}

/** Notifications of one installation, for whichever process plans and sends them. */
export interface NotificationService {
  readonly settings: NotificationSettings;
  /** @see planNotifications */
  plan(options: { readonly isLast?: boolean; readonly signal?: AbortSignal | undefined }): Promise<Planned>;
  /** @see planSilence */
  observe(observations: readonly Observation[]): Promise<void>;
  /** Configured channels with messages that are not sent. */
  waiting(): Promise<readonly string[]>;
  /** @see deliver */
  deliver(channel: string, limits: DeliveryLimits): Promise<Delivered>;
  /**
   * Sends a test message and waits for the platform's answer.
   *
   * @param by who requested it, for the text
   * @throws InvalidInput if the channel is not configured
   */
  test(channel: string, by: string, signal: AbortSignal): Promise<SendResult & { readonly id: number }>;
}

const standardPatienceMs = 5_000;
const standardLongestMs = 30_000;

export function createNotificationService(options: NotificationServiceOptions): NotificationService {
  const { settings, targets, notifications: store, notificationPlans: plans, onAttempt } = options;
  return {
    settings,
    plan: async (how) => await planNotifications(plans, { settings, targets, ...how }),
    observe: async (observations) => await planSilence(plans, settings, observations),
    waiting: async () => {
      const names = await store.waitingChannels();
      return names.filter((name) => settings.channels.some((channel) => channel.name === name));
    },
    deliver: async (name, { patienceMs = standardPatienceMs, longestMs = standardLongestMs, ...limits }) =>
      await deliver({ ...partsOf(channelNamed(name)), ...limits, patienceMs, longestMs }),
    test: async (name, by, signal) => {
      const channel = channelNamed(name);
      const [id = 0] = await store.add([messageFor(channel, { about: 'test', channel: name, by }, settings)]);
      const limits = { owner: `test ${id}`, signal, patienceMs: 0, longestMs: 0 };
      return { id, ...(await deliverOnly({ ...partsOf(channel), ...limits }, id)) };
    },
  };

  function partsOf(channel: NotificationChannel) {
    const source = settings.consoleUrl ?? 'urn:image-ferry';
    const sender = createSender({ channel, fetch: options.fetch, source, clock: Date.now });
    const report = (attempt: DeliveryAttempt): void => onAttempt?.({ ...attempt, channel: channel.name });
    return { store, channel, settings, sender, onAttempt: report };
  }

  function channelNamed(name: string): NotificationChannel {
    const channel = settings.channels.find((one) => one.name === name);
    if (channel !== undefined) return channel;
    const known = settings.channels.map((one) => one.name).join(', ');
    throw new InvalidInput(
      known === ''
        ? `there is no channel ${name}: add channels below notifications in ferry.yaml`
        : `unknown channel ${name}; configured: ${known}`,
      'configuration',
    );
  }
}
