/** Times of a day at which a channel sends nothing. */

export interface QuietHours {
  /** Minutes after midnight; a time that ends before it begins goes over midnight. */
  readonly from: number;
  readonly to: number;
  /** Such as `Asia/Shanghai`. */
  readonly timezone: string;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;

/**
 * When a message may be sent, UTC milliseconds: `now`, or the end of the quiet hours. On the days on which clocks change,
 * the end may be reached in another step: the caller checks again then.
 */
export function afterQuietHours(quiet: QuietHours | undefined, now: number): number {
  if (quiet === undefined || quiet.from === quiet.to) return now;
  const minute = minuteOfDay(now, quiet.timezone);
  const sinceStart = (minute - quiet.from + dayMinutes) % dayMinutes;
  const length = (quiet.to - quiet.from + dayMinutes) % dayMinutes;
  if (sinceStart >= length) return now;
  return (Math.floor(now / minuteMs) + length - sinceStart) * minuteMs;
}

/**
 * Minutes at the full and the half hour: Feishu refuses messages then (code 11232), because all schedules of the world
 * start at that time.
 */
export function afterBusyMinute(now: number): number {
  const minute = Math.floor(now / minuteMs);
  return minute % 30 === 0 ? (minute + 1) * minuteMs : now;
}

function minuteOfDay(now: number, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const numberOf = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return numberOf('hour') * 60 + numberOf('minute');
}
