import type { Patience } from './announce-time.js';
import type { ChannelKind, Language, NotificationKind } from './notification.js';
import type { QuietHours } from './quiet-hours.js';
import type { RateLimit } from './rate-limit.js';

/** A place to which notifications are sent. */
export interface NotificationChannel {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly language: Language;
  /** What it receives. */
  readonly kinds: readonly NotificationKind[];
  /** Of the times in its messages. */
  readonly timezone: string;
  readonly quietHours?: QuietHours | undefined;
  readonly limits: readonly RateLimit[];
  /** A word that the platform requires in every message. */
  readonly keyword?: string | undefined;
  /** Host of the address: the rest may contain a secret, and is never shown. */
  readonly host: string;
  /** Address of the webhook or the mail server, with its secret: functions are in no log and no JSON. */
  readonly address: () => string;
  readonly secret?: (() => string) | undefined;
  readonly mail?: { readonly from: string; readonly to: readonly string[] } | undefined;
}

export interface NotificationSettings {
  readonly channels: readonly NotificationChannel[];
  readonly patience: Patience;
  /** How long a task queue or a schedule may be silent, in milliseconds. */
  readonly silentMs: number;
  /** Where browsers reach the console, without a slash at its end. */
  readonly consoleUrl?: string | undefined;
}
