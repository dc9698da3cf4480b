import { printDuration } from './duration.js';
import type { UpstreamSchedule } from './upstream.js';

/** An interval in milliseconds since the epoch plus an offset, or cron expressions in a time zone, UTC by default. */
export type ScheduleTiming = UpstreamSchedule & { readonly offsetMs?: number | undefined };

/** A scheduled action and its timing. */
export interface ScheduleSetting {
  /** `sync-all`, `audit`, or `fetch-` and the upstream's name. */
  readonly id: string;
  readonly does:
    { readonly kind: 'sync' } | { readonly kind: 'audit' } | { readonly kind: 'fetch'; readonly upstream: string };
  readonly timing: ScheduleTiming;
}

export const syncScheduleId = 'sync-all';
export const auditScheduleId = 'audit';

const minuteMs = 60_000;

/**
 * The default offset of a schedule in its interval: it depends on the name, so that not all schedules start at midnight.
 */
export function spreadOffsetMs(id: string, everyMs: number): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 100_003;
  return (hash % Math.max(1, Math.floor(everyMs / minuteMs))) * minuteMs;
}

/** `every 3h, offset 7m`, `17 3 * * * Asia/Shanghai`: for messages. */
export function printTiming(timing: ScheduleTiming): string {
  if ('cron' in timing) return [...timing.cron, timing.timezone ?? 'UTC'].join(' ');
  const offset = timing.offsetMs ?? 0;
  return `every ${printDuration(timing.everyMs)}${offset === 0 ? '' : `, offset ${printDuration(offset)}`}`;
}
