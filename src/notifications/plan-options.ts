import type { NotificationSettings } from '../domain/notifications/settings.js';

export interface PlanOptions {
  readonly settings: NotificationSettings;
  /** Names of the configured targets. */
  readonly targets: readonly string[];
  /** The process ends: what would be announced later is announced now. */
  readonly isLast?: boolean;
  readonly signal?: AbortSignal | undefined;
}
