import { expect, test } from 'vitest';

import { sqliteParameter } from '../../src/database/sqlite/sqlite-parameters.js';

test.each([
  [true, 1],
  [false, 0],
  [undefined, null],
  [null, null],
  ['text', 'text'],
  [1.5, 1.5],
  [42n, 42],
  [new Date('2026-01-02T03:04:05.678Z'), '2026-01-02 03:04:05'],
])('%s is converted to a value that libsql can bind', (value, expected) => {
  expect(sqliteParameter(value)).toBe(expected);
});

test('bytes are not converted for SQLite', () => {
  const bytes = new Uint8Array([1, 2]);

  expect(sqliteParameter(bytes)).toBe(bytes);
});

test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [2n ** 60n], [{}], [[]], [Symbol('x')], [() => 1]])(
  '%s is refused here, before it can end the process or become something else',
  (value) => {
    expect(() => sqliteParameter(value)).toThrow(TypeError);
  },
);
