import * as z from 'zod';

import { parseDuration } from '../domain/duration.js';
import { channelKinds, languages, notificationKinds } from '../domain/notifications/notification.js';
import type { ChannelKind } from '../domain/notifications/notification.js';
import type { QuietHours } from '../domain/notifications/quiet-hours.js';
import type { RateLimit } from '../domain/notifications/rate-limit.js';
import type { NotificationChannel, NotificationSettings } from '../domain/notifications/settings.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { assertTimezone } from './schedule-settings.js';

const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time like 22:00');

const ChannelEntry = z.strictObject({
  kind: z.enum(channelKinds),
  /** Name of the variable with the address of the webhook, or of the mail server; also read as `NAME_FILE`. */
  urlVariable: Variable,
  /** Name of the variable with the secret that signs messages. */
  secretVariable: Variable.optional(),
  language: z.enum(languages).optional(),
  kinds: z.array(z.enum(notificationKinds)).min(1).optional(),
  timezone: z.string().min(1).optional(),
  quietHours: z.strictObject({ from: Time, to: Time }).optional(),
  limit: z.strictObject({ messages: z.int().min(1).max(100_000), per: z.string() }).optional(),
  keyword: z.string().min(1).max(100).optional(),
  from: z.string().min(3).optional(),
  to: z.array(z.string().min(3)).min(1).optional(),
});
type ChannelEntry = z.infer<typeof ChannelEntry>;

/** `notifications:` of `ferry.yaml`. */
export const NotificationsEntry = z.strictObject({
  channels: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes'), ChannelEntry)
    .optional(),
  retryingLongerThan: z.string().optional(),
  targetAwayLongerThan: z.string().optional(),
  silentLongerThan: z.string().optional(),
  groupFor: z.string().optional(),
});

interface FileWithNotifications {
  readonly path: string;
  readonly notifications?: z.infer<typeof NotificationsEntry> | undefined;
}

/** The limits of the platforms. */
const standardLimits: Readonly<Record<ChannelKind, readonly RateLimit[]>> = {
  dingtalk: [{ count: 20, perMs: 60_000 }],
  wecom: [{ count: 20, perMs: 60_000 }],
  feishu: [
    { count: 100, perMs: 60_000 },
    { count: 5, perMs: 1_000 },
  ],
  slack: [{ count: 1, perMs: 1_000 }],
  email: [{ count: 30, perMs: 60_000 }],
  webhook: [],
};
const standards = { retrying: '30m', target: '2m', silent: '15m', group: '30s' } as const;
const chinese: ReadonlySet<ChannelKind> = new Set(['dingtalk', 'wecom', 'feishu']);
const signing: ReadonlySet<ChannelKind> = new Set(['dingtalk', 'feishu', 'webhook']);

/** Channels and times of notifications; without channels nothing is sent, and nothing runs. */
export function readNotifications(
  environment: Environment,
  { path, notifications: entry = {} }: FileWithNotifications,
  errors: ConfigErrors,
): NotificationSettings {
  const where = `${path}: notifications`;
  const duration = (name: string, text: string): number =>
    errors.try(() => parseDuration(text), `${where}.${name}`) ?? 0;
  const channels = Object.entries(entry.channels ?? {}).flatMap(
    ([name, channel]) => readChannel(name, channel, `${where}.channels.${name}`) ?? [],
  );
  return {
    channels,
    patience: {
      groupMs: duration('groupFor', entry.groupFor ?? standards.group),
      retryingMs: duration('retryingLongerThan', entry.retryingLongerThan ?? standards.retrying),
      targetMs: duration('targetAwayLongerThan', entry.targetAwayLongerThan ?? standards.target),
    },
    silentMs: duration('silentLongerThan', entry.silentLongerThan ?? standards.silent),
    consoleUrl: consoleUrlOf(environment, errors),
  };

  function readChannel(name: string, channel: ChannelEntry, place: string): NotificationChannel | undefined {
    const { kind, timezone = 'UTC', quietHours, keyword, from, to } = channel;
    const address = readAddress(channel, place);
    errors.try(() => assertTimezone(timezone), `${place}.timezone`);
    if (kind === 'email' && (from === undefined || to === undefined)) {
      errors.add(`${place} needs from and to: the addresses of the sender and the recipients`);
    }
    if (kind !== 'email' && (from ?? to) !== undefined)
      errors.add(`${place}: only channels of kind email have from and to`);
    const secret = readSecret(channel, place);
    if (address === undefined) return undefined;
    return {
      name,
      kind,
      language: channel.language ?? (chinese.has(kind) ? 'zh-CN' : 'en'),
      kinds: channel.kinds ?? notificationKinds,
      timezone,
      quietHours: quietHours && readQuietHours(quietHours, timezone),
      limits: readLimits(channel, place),
      keyword,
      host: address.host,
      address: () => address.href,
      secret: secret === undefined ? undefined : () => secret,
      mail: from === undefined || to === undefined ? undefined : { from, to },
    };
  }

  function readAddress({ kind, urlVariable }: ChannelEntry, place: string): URL | undefined {
    const text = errors.try(() => environment.value(urlVariable));
    if (text === undefined) {
      errors.add(`${place} needs the variable ${urlVariable}, which is not set`);
      return undefined;
    }
    const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
    const schemes = kind === 'email' ? ['smtp:', 'smtps:'] : ['https:', 'http:'];
    if (url !== undefined && url.hostname !== '' && schemes.includes(url.protocol) && hasReadableAccount(url))
      return url;
    const expected =
      kind === 'email'
        ? 'smtps://user:password@smtp.example.com, with %25 for a percent sign'
        : 'the https:// address of the webhook';
    errors.add(`${place}: the variable ${urlVariable} is not an address: expected ${expected}`);
    return undefined;
  }

  function readSecret({ kind, secretVariable }: ChannelEntry, place: string): string | undefined {
    if (secretVariable === undefined) return undefined;
    if (!signing.has(kind)) {
      errors.add(`${place}: channels of kind ${kind} have no secretVariable: the secret is in their address`);
      return undefined;
    }
    const secret = errors.try(() => environment.value(secretVariable));
    if (secret === undefined) errors.add(`${place} needs the variable ${secretVariable}, which is not set`);
    else if (kind === 'webhook' && !secret.trim().split(/\s+/).every(isWebhookSecret)) {
      errors.add(
        `${place}: the variable ${secretVariable} must be whsec_ and 24 to 64 bytes in base64: create one with "openssl rand -base64 32"`,
      );
    }
    return secret;
  }

  function readLimits({ kind, limit }: ChannelEntry, place: string): readonly RateLimit[] {
    if (limit === undefined) return standardLimits[kind];
    const perMs = errors.try(() => parseDuration(limit.per), `${place}.limit.per`);
    if (perMs === 0) errors.add(`${place}.limit.per is "${limit.per}": expected at least 1s`);
    return perMs === undefined ? [] : [{ count: limit.messages, perMs }];
  }
}

/** A percent sign in a password is written `%25`. */
function hasReadableAccount({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function readQuietHours({ from, to }: { readonly from: string; readonly to: string }, timezone: string): QuietHours {
  return { from: minutesOf(from), to: minutesOf(to), timezone };
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function isWebhookSecret(secret: string): boolean {
  const encoded = secret.replace(/^whsec_/, '').replace(/=+$/, '');
  const bytes = Math.floor((encoded.length * 3) / 4);
  return /^[A-Za-z0-9+/]+$/.test(encoded) && bytes >= 24 && bytes <= 64;
}

/** As the server reads it, which reports what is wrong with it. */
function consoleUrlOf(environment: Environment, errors: ConfigErrors): string | undefined {
  const text = errors.try(() => environment.value('FERRY_PUBLIC_URL')) ?? '';
  const path = errors.try(() => environment.value('FERRY_BASE_PATH')) ?? '';
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname } = new URL(text);
  const base = path === '' ? pathname : `/${path}`;
  return `${origin}/${base.replace(/^\/+|\/+$/g, '')}`.replace(/\/$/, '');
}
