import { describe, expect, test } from 'vitest';

import { parseDuration, printDuration } from '../../src/domain/duration.js';
import { InvalidInput } from '../../src/domain/ferry-error.js';

describe('durations', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['72h', 259_200_000],
    ['7d', 604_800_000],
  ])('the duration %s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    [0, '0s'],
    [90_000, '1m30s'],
    [21_600_000, '6h'],
    [86_400_000, '24h'],
    [1_499, '1s'],
  ])('%d ms is printed as %s', (milliseconds, text) => {
    expect(printDuration(milliseconds)).toBe(text);
  });

  test.each(['', '72', '-1h', '1.5h', '1 h', '1w', '1H', 'h', '9999999999d'])(
    '%j is refused as a duration, with examples',
    (text) => {
      const parse = (): unknown => parseDuration(text);

      expect(parse).toThrow(InvalidInput);
      expect(parse).toThrow('like 30s, 90m, 72h or 7d');
    },
  );
});
