import { expect, test } from 'vitest';

import { afterBusyMinute, afterQuietHours } from '../../../src/domain/notifications/quiet-hours.js';

const night = { from: 22 * 60, to: 8 * 60, timezone: 'Asia/Shanghai' };
const at = (text: string): number => Date.parse(text);

test.each([
  ['2026-11-29T21:59:59+08:00', '2026-11-29T21:59:59+08:00'],
  ['2026-11-29T22:00:00+08:00', '2026-11-30T08:00:00+08:00'],
  ['2026-11-29T23:30:30+08:00', '2026-11-30T08:00:00+08:00'],
  ['2026-11-30T07:59:59+08:00', '2026-11-30T08:00:00+08:00'],
  ['2026-11-30T08:00:00+08:00', '2026-11-30T08:00:00+08:00'],
])('with quiet hours from 22:00 to 08:00 in Shanghai, a message of %s is sent at %s', (now, sent) => {
  expect(new Date(afterQuietHours(night, at(now))).toISOString()).toBe(new Date(sent).toISOString());
});

test('quiet hours on one day, and those that begin and end at one time, hold what they say', () => {
  const noon = { from: 12 * 60, to: 13 * 60, timezone: 'Europe/Berlin' };

  expect(afterQuietHours(noon, at('2026-11-29T11:15:00Z'))).toBe(at('2026-11-29T12:00:00Z'));
  expect(afterQuietHours({ ...noon, to: noon.from }, at('2026-11-29T11:15:00Z'))).toBe(at('2026-11-29T11:15:00Z'));
});

test.each([
  ['2026-11-29T10:00:00Z', '2026-11-29T10:01:00Z'],
  ['2026-11-29T10:30:59Z', '2026-11-29T10:31:00Z'],
  ['2026-11-29T10:29:59Z', '2026-11-29T10:29:59Z'],
])('a message of %s for Feishu, which is busy at the full and the half hour, is sent at %s', (now, sent) => {
  expect(afterBusyMinute(at(now))).toBe(at(sent));
});
