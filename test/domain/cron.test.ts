import { expect, test } from 'vitest';

import { parseCron } from '../../src/domain/cron.js';
import type { CronTimes } from '../../src/domain/cron.js';
import { printTiming, spreadOffsetMs } from '../../src/domain/schedule-timing.js';

const values = (ranges: CronTimes['minute']): number[] =>
  ranges
    .flatMap(({ start, end, step }) =>
      Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, n) => start + n * step),
    )
    .sort((a, b) => a - b);

test.each<[string, Partial<Record<keyof CronTimes, number[]>>]>([
  ['17 3 * * *', { minute: [17], hour: [3] }],
  ['*/15 * * * *', { minute: [0, 15, 30, 45] }],
  ['5/20 * * * *', { minute: [5, 25, 45] }],
  ['0 8-18/5 * * *', { hour: [8, 13, 18] }],
  ['0 0,12 * jan,JUL *', { hour: [0, 12], month: [1, 7] }],
  ['0 0 * * mon-fri', { dayOfWeek: [1, 2, 3, 4, 5] }],
  ['0 0 * * 7', { dayOfWeek: [0] }],
  ['0 0 * * sat-sun', { dayOfWeek: [0, 6] }],
  ['0 0 * * 1-7/2', { dayOfWeek: [0, 1, 3, 5] }],
  ['@weekly', { minute: [0], hour: [0], dayOfWeek: [0] }],
])('the cron expression %s is read', (expression, expected) => {
  const [times, ...others] = parseCron(expression);

  expect(others).toEqual([]);
  for (const [field, wanted] of Object.entries(expected)) {
    expect(values(times?.[field as keyof CronTimes] ?? [])).toEqual(wanted);
  }
});

test('if both days are given, a time must match only one of them, as in crontab', () => {
  const [first, second] = parseCron('0 0 1,15 * fri');

  expect([values(first?.dayOfMonth ?? []), values(first?.dayOfWeek ?? [])]).toEqual([
    [1, 15],
    [0, 1, 2, 3, 4, 5, 6],
  ]);
  expect([values(second?.dayOfMonth ?? []).length, values(second?.dayOfWeek ?? [])]).toEqual([31, [5]]);
});

test.each([
  ['* * * *', 'it has 4 fields'],
  ['60 * * * *', '"60" is not a valid minute'],
  ['* 24 * * *', '"24" is not a valid hour'],
  ['* * 0 * *', '"0" is not a valid dayOfMonth'],
  ['* * * 13 *', '"13" is not a valid month'],
  ['* * * * 8', '"8" is not a valid dayOfWeek'],
  ['*/0 * * * *', '"*/0" is not a valid minute'],
  ['9-5 * * * *', 'ends before it starts'],
  ['a * * * *', '"a" is not a valid minute'],
  ['* * * * * *', 'it has 6 fields'],
  ['1-2-3 * * * *', 'is not a valid minute'],
])('the cron expression %s is refused', (expression, fault) => {
  expect(() => parseCron(expression)).toThrow(fault);
});

test('each schedule gets its own minute in its interval', () => {
  const day = 24 * 3_600_000;
  const offsets = ['sync-all', 'fetch-dify', 'fetch-xinference', 'fetch-n8n'].map((id) => spreadOffsetMs(id, day));

  expect(new Set(offsets).size).toBe(4);
  for (const offset of offsets) {
    expect(offset).toBeLessThan(day);
    expect(offset % 60_000).toBe(0);
  }
  expect(spreadOffsetMs('sync-all', 60_000)).toBe(0);
});

test('the timing of a schedule is printed for people', () => {
  expect(printTiming({ everyMs: 3 * 3_600_000, offsetMs: 420_000 })).toBe('every 3h, offset 7m');
  expect(printTiming({ cron: ['17 3 * * *'], timezone: 'Asia/Shanghai' })).toBe('17 3 * * * Asia/Shanghai');
});
