import { expect, test } from 'vitest';

import { localTime, localTimeOfUtc } from '../../src/cli/local-time.js';

test("a time from a table is printed in the machine's time zone", () => {
  const at = Date.UTC(2026, 10, 23, 20, 4, 5);

  expect(localTimeOfUtc('2026-11-23 20:04:05')).toBe(localTime(at));
  expect(localTimeOfUtc('2026-11-23 20:04:05.123')).toBe(localTime(at));
});

test('a time in the format of another program is printed unchanged', () => {
  expect(localTimeOfUtc('yesterday')).toBe('yesterday');
});
