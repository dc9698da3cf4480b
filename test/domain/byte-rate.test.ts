import { describe, expect, test } from 'vitest';

import { parseByteRate } from '../../src/domain/byte-rate.js';

describe('a rate', () => {
  test.each([
    ['50Mbit/s', 6_250_000],
    ['12.5MB/s', 12_500_000],
    ['1 Gbit/s', 125_000_000],
    ['64kB/s', 64_000],
  ])('%s is %d bytes per second', (text, bytes) => {
    expect(parseByteRate(text)).toBe(bytes);
  });

  test.each(['50', '50Mbit', '50 mbit/s', '-1MB/s', '1e3MB/s', ''])('"%s" is refused as a rate', (text) => {
    expect(() => parseByteRate(text)).toThrow('is not a rate');
  });

  test('a rate that is too low is refused: the source would look stalled', () => {
    expect(() => parseByteRate('8kB/s')).toThrow('at least 64kB/s');
  });
});
