import { expect, test } from 'vitest';

import { formatsOf } from '../src/parts/formats.js';

const minute = 60_000;

test('sizes count in thousands, with three digits', () => {
  const { bytes, rate } = formatsOf('en');

  expect([0, 999, 1_000, 1_234_567, 20_000_000_000].map(bytes)).toEqual(['0 B', '999 B', '1 kB', '1.23 MB', '20 GB']);
  expect(rate(1_500_000)).toBe('1.5 MB/s');
});

test('a time is said as how long ago it was, in the chosen language', () => {
  expect(formatsOf('en').relative(0, 5 * minute)).toBe('5 minutes ago');
  expect(formatsOf('zh-CN').relative(0, 5 * minute)).toBe('5 分钟前');
});

test('a duration has at most two units', () => {
  const { duration } = formatsOf('en');

  expect([300, 12_000, 95_000, 80 * minute, 3 * 60 * minute].map(duration)).toEqual([
    '300 ms',
    '12 sec',
    '1 min 35 sec',
    '1 hr 20 min',
    '3 hr',
  ]);
});
