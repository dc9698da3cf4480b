import { InvalidInput } from './ferry-error.js';

/** Every `step`th value from `start` to `end`. */
export interface CronRange {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The times that match all of its fields. */
export interface CronTimes {
  readonly minute: readonly CronRange[];
  readonly hour: readonly CronRange[];
  readonly dayOfMonth: readonly CronRange[];
  /** 1 is January. */
  readonly month: readonly CronRange[];
  /** 0 is Sunday. */
  readonly dayOfWeek: readonly CronRange[];
}

interface Field {
  readonly name: keyof CronTimes;
  readonly first: number;
  readonly last: number;
  readonly names: readonly string[];
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Field[] = [
  { name: 'minute', first: 0, last: 59, names: [] },
  { name: 'hour', first: 0, last: 23, names: [] },
  { name: 'dayOfMonth', first: 1, last: 31, names: [] },
  { name: 'month', first: 1, last: 12, names: monthNames },
  { name: 'dayOfWeek', first: 0, last: 6, names: dayNames },
];

const shorthands: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * parseCron reads `minute hour day-of-month month day-of-week`. As in crontab(5), if both days are given, a time matches
 * when either of them does: the result then has two entries, and a time must match one of them.
 *
 * @throws InvalidInput (`configuration`) naming the field
 */
export function parseCron(expression: string): readonly CronTimes[] {
  const text = shorthands[expression.trim().toLowerCase()] ?? expression.trim();
  const parts = text.split(/\s+/);
  if (parts.length !== fields.length) {
    throw refused(expression, `it has ${parts.length} fields, expected minute, hour, day of month, month, day of week`);
  }
  const ranges = fields.map((field, index) => readField(parts[index] ?? '', field, expression));
  const [minute = [], hour = [], dayOfMonth = [], month = [], dayOfWeek = []] = ranges;
  const times = { minute, hour, dayOfMonth, month, dayOfWeek };
  if (parts[2]?.startsWith('*') === true || parts[4]?.startsWith('*') === true) return [times];
  return [
    { ...times, dayOfWeek: [whole('dayOfWeek')] },
    { ...times, dayOfMonth: [whole('dayOfMonth')] },
  ];
}

function readField(text: string, field: Field, expression: string): CronRange[] {
  return text.split(',').flatMap((part) => {
    const [, from, to, every] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const step = every === undefined ? 1 : Number(every);
    if (from === undefined || step === 0 || (from === '*' && to !== undefined)) {
      throw refused(expression, `"${part}" is not a valid ${field.name}`);
    }
    if (from === '*') return [{ start: field.first, end: field.last, step }];
    const start = valueOf(from, field, expression);
    const single = every === undefined ? start : field.last;
    const end = to === undefined ? single : valueOf(to, field, expression, true);
    if (end < start) throw refused(expression, `the range "${part}" ends before it starts`);
    return withoutSeven({ start, end, step }, field);
  });
}

function valueOf(text: string, { name, first, last, names }: Field, expression: string, isEnd = false): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return name === 'dayOfWeek' && isEnd && named === 0 ? 7 : named + first;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  const most = name === 'dayOfWeek' ? 7 : last;
  if (value >= first && value <= most) return value;
  throw refused(expression, `"${text}" is not a valid ${name}: expected ${first} to ${last}`);
}

/** Sunday is 0, and also 7 at the end of the week. */
function withoutSeven({ start, end, step }: CronRange, { name }: Field): CronRange[] {
  if (name !== 'dayOfWeek' || end < 7) return [{ start, end, step }];
  const sunday = { start: 0, end: 0, step: 1 };
  if (start === 7) return [sunday];
  return (7 - start) % step === 0 ? [sunday, { start, end: 6, step }] : [{ start, end: 6, step }];
}

function whole(name: keyof CronTimes): CronRange {
  const { first = 0, last = 0 } = fields.find((field) => field.name === name) ?? {};
  return { start: first, end: last, step: 1 };
}

function refused(expression: string, fault: string): InvalidInput {
  return new InvalidInput(`the cron expression "${expression.slice(0, 80)}" is invalid: ${fault}`, 'configuration');
}
