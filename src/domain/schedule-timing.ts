import { printDuration } from './duration.js';
import type { UpstreamSchedule } from './upstream.js';

/** Every so many milliseconds since the epoch, plus an offset; or by cron expressions in a time zone, UTC by default. */
export type ScheduleTiming = UpstreamSchedule & { readonly offsetMs?: number };

/** What is done by itself, and when. */
export interface ScheduleSetting {
  /** `sync-all`, or `fetch-` and the upstream's name. */
  readonly id: string;
  readonly does: { readonly kind: 'sync' } | { readonly kind: 'fetch'; readonly upstream: string };
  readonly timing: ScheduleTiming;
}

export const SYNC_SCHEDULE_ID = 'sync-all';

const minuteMs = 60_000;

/**
 * Where in its interval a schedule begins when nobody said so: of each name another minute, so that they do not all
 * begin at midnight.
 */
export function spreadOffsetMs(id: string, everyMs: number): number {
  let hash = 7;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 100_003;
  return (hash % Math.max(1, Math.floor(everyMs / minuteMs))) * minuteMs;
}

/** `every 3h (7m into each)`, `17 3 * * * Asia/Shanghai`: what people read. */
export function printTiming(timing: ScheduleTiming): string {
  if ('cron' in timing) return [...timing.cron, timing.timezone ?? 'UTC'].join(' ');
  const offset = timing.offsetMs ?? 0;
  return `every ${printDuration(timing.everyMs)}${offset === 0 ? '' : ` (${printDuration(offset)} into each)`}`;
}
