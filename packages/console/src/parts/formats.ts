import { useTranslation } from 'react-i18next';

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Numbers, times in the viewer's zone, and sizes, as the chosen language writes them. */
export interface Formats {
  number(value: number): string;
  /** 1,000-based, as registries and the CLI count. */
  bytes(bytes: number): string;
  rate(bytesPerSecond: number): string;
  /** `29 Nov, 14:05`; with the year for another one. */
  time(at: number): string;
  /** With seconds and the zone, for those who compare with a log. */
  exactTime(at: number): string;
  clock(at: number): string;
  /** The hour alone, for an axis. */
  hour(at: number): string;
  /** `5 minutes ago`, `in 2 hours`. */
  relative(at: number, now: number): string;
  /** `1 h 20 min`. */
  duration(ms: number): string;
}

/** Made once for a language: the formatters of `Intl` take longer to make than a row of a table to show. */
const made = new Map<string, Formats>();

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return formatsOf(i18n.language);
}

export function formatsOf(language: string): Formats {
  const known = made.get(language);
  if (known !== undefined) return known;
  const formats = makeFormats(language);
  made.set(language, formats);
  return formats;
}

function makeFormats(language: string): Formats {
  const number = new Intl.NumberFormat(language);
  const fraction = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  const day = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  const otherYear = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long' });
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
  const hour = new Intl.DateTimeFormat(language, { hour: 'numeric' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  // Chinese has a space between a number and a word elsewhere; `Intl` writes none.
  const spaced = (text: string): string => text.replaceAll(/(?<=\d)(?=\p{Script=Han})/gu, ' ');
  const units = (value: number, unit: string): string =>
    spaced(new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(value));

  const bytes = (value: number): string => {
    const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), byteUnits.length - 1);
    return `${fraction.format(value / 1_000 ** power)} ${byteUnits[power] ?? 'B'}`;
  };
  return {
    number: (value) => number.format(value),
    bytes,
    rate: (value) => `${bytes(value)}/s`,
    time: (at) => (new Date(at).getFullYear() === new Date().getFullYear() ? day : otherYear).format(at),
    exactTime: (at) => exact.format(at),
    clock: (at) => clock.format(at),
    hour: (at) => hour.format(at),
    relative: (at, now) => {
      const ms = at - now;
      const size = Math.abs(ms);
      if (size < 45_000) return spaced(relative.format(Math.round(ms / 1_000), 'second'));
      if (size < 45 * minuteMs) return spaced(relative.format(Math.round(ms / minuteMs), 'minute'));
      if (size < 22 * hourMs) return spaced(relative.format(Math.round(ms / hourMs), 'hour'));
      return spaced(relative.format(daysBetween(now, at), 'day'));
    },
    duration: (ms) => {
      if (ms < 1_000) return units(Math.round(ms), 'millisecond');
      const seconds = Math.round(ms / 1_000);
      if (seconds < 60) return units(seconds, 'second');
      const minutes = Math.floor(seconds / 60);
      if (minutes < 60) {
        const rest = minutes < 10 ? seconds % 60 : 0;
        return rest === 0 ? units(minutes, 'minute') : `${units(minutes, 'minute')} ${units(rest, 'second')}`;
      }
      const hours = Math.floor(minutes / 60);
      return minutes % 60 === 0 ? units(hours, 'hour') : `${units(hours, 'hour')} ${units(minutes % 60, 'minute')}`;
    },
  };
}

/** By the calendar of the viewer: what is 40 hours away may be tomorrow. */
function daysBetween(from: number, to: number): number {
  const midnight = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / dayMs);
}
