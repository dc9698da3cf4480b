import { readUtc } from '../domain/utc-time.js';

/** Formats UTC milliseconds as `2026-11-23 21:04:05` in the machine's time zone. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** Formats a UTC time of a table, `2026-11-23 20:04:05`, in the same way; any other text is returned unchanged. */
export function localTimeOfUtc(text: string): string {
  const milliseconds = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(text) ? readUtc(text) : undefined;
  return milliseconds === undefined ? text : localTime(milliseconds);
}
