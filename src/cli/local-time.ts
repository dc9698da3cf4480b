/** `2026-11-23 21:04:05` in the machine's time zone, from UTC milliseconds. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** The same of a time that a table holds, `2026-11-23 20:04:05` in UTC; what is no such time stays as it is. */
export function localTimeOfUtc(text: string): string {
  const milliseconds = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(text)
    ? Date.parse(`${text.replace(' ', 'T')}Z`)
    : Number.NaN;
  return Number.isNaN(milliseconds) ? text : localTime(milliseconds);
}
