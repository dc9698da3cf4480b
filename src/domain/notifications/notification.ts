/** What people are notified about, and what a message contains before it is put into words. */
import type { FaultCode } from '../ferry-error.js';

export const notificationKinds = [
  'blocked',
  'retrying',
  'target',
  'allowance',
  'run',
  'release',
  'drift',
  'silent',
] as const;
/** Kinds that a channel can choose from. */
export type NotificationKind = (typeof notificationKinds)[number];

export const channelKinds = ['dingtalk', 'wecom', 'feishu', 'slack', 'email', 'webhook'] as const;
export type ChannelKind = (typeof channelKinds)[number];

export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

/** Codes of incidents: those of faults, and what only notifications know. */
export type IncidentCode =
  | FaultCode
  | 'drift-lost'
  | 'drift-changed'
  | 'audit-failed'
  | 'worker-silent'
  | 'schedule-silent'
  | 'schedule-missing';

/** Where the cause is; neither for rows that name no image. */
export interface CausePlace {
  readonly target?: string | undefined;
  /** Registry of the source. */
  readonly source?: string | undefined;
}

/** Images that have one trouble with one cause. Times are UTC milliseconds. */
export interface IncidentFacts extends CausePlace {
  readonly about: 'incident';
  readonly phase: 'open' | 'over';
  readonly kind: NotificationKind;
  readonly code: IncidentCode;
  readonly reason: string;
  readonly images: number;
  /** The first five of them. */
  readonly first: readonly string[];
  readonly openedAt: number;
  readonly overAt?: number | undefined;
  /** A queue or a schedule that is silent. */
  readonly what?: string | undefined;
}

/** A sync run with failures that no incident covers. */
export interface RunFacts {
  readonly about: 'run';
  readonly run: string;
  readonly images: number;
  readonly pushed: number;
  readonly waiting: number;
  readonly retrying: number;
  readonly blocked: number;
  /** Why the run itself failed. */
  readonly failure?: string | undefined;
  readonly first: readonly string[];
}

/** A release of an upstream: found, and later on every target. */
export interface ReleaseFacts {
  readonly about: 'release';
  readonly phase: 'open' | 'over';
  readonly upstream: string;
  readonly release: string;
  /** Wanted images of the release; those that it has requested first are new, or changed: they had another tag before. */
  readonly images: number;
  readonly added: number;
  readonly changed: number;
  /** Compressed bytes of the new and changed images; absent: not known. */
  readonly bytes?: number | undefined;
  /** Of its images. */
  readonly targets: readonly string[];
  readonly first: readonly string[];
  readonly openedAt: number;
  readonly overAt?: number | undefined;
}

export interface TestFacts {
  readonly about: 'test';
  readonly channel: string;
  readonly by: string;
}

/** Messages that did not fit the rate of a channel, in their order. */
export interface DigestFacts {
  readonly about: 'digest';
  readonly titles: readonly string[];
}

export type NotificationFacts = IncidentFacts | RunFacts | ReleaseFacts | TestFacts | DigestFacts;

/** Kind of a stored notification. */
export type StoredKind = NotificationKind | 'test' | 'digest';

export const notificationStates = ['pending', 'sending', 'sent', 'merged', 'failed'] as const;
/** `sending`: handed to a process, and perhaps sent; `merged`: part of a digest; `failed`: the platform refuses it. */
export type NotificationState = (typeof notificationStates)[number];

/** Names listed in a message. */
export const namesShown = 5;
