import type { FerryConfig } from '../../config/read-config.js';
import type { NotificationWork } from '../../server/v1/notifications-routes.js';
import { openNotifications } from '../notification-parts.js';
import type { StatusDatabase } from '../status-database.js';

export interface NotificationWorkOptions {
  /** Read-only. */
  readonly reading: StatusDatabase;
  readonly writing: StatusDatabase;
  /** Absent if the configuration is invalid: then no channel is known. */
  readonly config?: FerryConfig | undefined;
}

const testTimeoutMs = 60_000;

/** Channels of the configuration, tested from this process. */
export function createNotificationWork({ reading, writing, config }: NotificationWorkOptions): NotificationWork {
  const channels = config?.notifications.channels ?? [];
  return {
    channels: async () => {
      const names = channels.map(({ name }) => name);
      const standings = await reading.read(async ({ notifications }) => await notifications.standings(names));
      return channels.map(({ name, kind, host, language, kinds }) => {
        return { name, kind, host, language, kinds, pending: 0, failed: 0, ...standings.get(name) };
      });
    },
    test: async (channel, by) => {
      if (config === undefined || !channels.some(({ name }) => name === channel)) return undefined;
      const { id, outcome, answer } = await writing.read(
        async (stores) => await openNotifications(config, stores).test(channel, by, AbortSignal.timeout(testTimeoutMs)),
      );
      return { id, outcome, answer };
    },
    redeliver: async (id) => await writing.read(async ({ notifications }) => await notifications.redeliver(id)),
  };
}
