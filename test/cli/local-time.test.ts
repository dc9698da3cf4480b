import { expect, test } from 'vitest';

import { localTime, localTimeOfUtc } from '../../src/cli/local-time.js';

test('a time of a table is shown in the time zone of the machine, like every other', () => {
  const at = Date.UTC(2026, 10, 23, 20, 4, 5);

  expect(localTimeOfUtc('2026-11-23 20:04:05')).toBe(localTime(at));
  expect(localTimeOfUtc('2026-11-23 20:04:05.123')).toBe(localTime(at));
});

test('what another program wrote in its own way stays as it is', () => {
  expect(localTimeOfUtc('yesterday')).toBe('yesterday');
});
