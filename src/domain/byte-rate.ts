import { InvalidInput } from './ferry-error.js';

const bytesPerUnit = {
  kbit: 125,
  Mbit: 125_000,
  Gbit: 125_000_000,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
} as const;
/** A source that is slower than this counts as stalled. */
const leastBytesPerSecond = 64_000;

/**
 * @param text a number and its unit, per second: `50Mbit/s`, `12.5MB/s`
 * @returns bytes per second
 * @throws InvalidInput (`configuration`)
 */
export function parseByteRate(text: string): number {
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?([kMG](?:bit|B))\/s$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new InvalidInput(
      `"${text.slice(0, 80)}" is not a rate: type a number and one of kbit/s, Mbit/s, Gbit/s, kB/s, MB/s, GB/s, like 50Mbit/s`,
      'configuration',
    );
  }
  const bytes = Math.round(Number(digits) * bytesPerUnit[unit as keyof typeof bytesPerUnit]);
  if (bytes >= leastBytesPerSecond) return bytes;
  throw new InvalidInput(`the rate "${text}" is too low to copy images: set at least 64kB/s`, 'configuration');
}
