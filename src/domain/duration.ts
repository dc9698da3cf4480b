import { InvalidInput } from './ferry-error.js';

const millisecondsPerUnit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * @param text a whole number and its unit: `30s`, `90m`, `72h`, `7d`; `0` alone needs none
 * @returns milliseconds
 * @throws InvalidInput (`configuration`)
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (text === '0') return 0;
  if (digits === undefined || unit === undefined) {
    throw new InvalidInput(
      `"${text.slice(0, 80)}" is not a duration: type a whole number and one of s, m, h, d, like 30s, 90m, 72h or 7d; or 0`,
      'configuration',
    );
  }
  return Number(digits) * millisecondsPerUnit[unit as keyof typeof millisecondsPerUnit];
}

/** `3h`, `1h30m`, `24h`, `0s`: hours, minutes and seconds, to the whole second; days are hours. */
export function printDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const text = parts.flatMap(([value, unit]) => (value === 0 ? [] : `${value}${unit}`)).join('');
  return text === '' ? '0s' : text;
}
