import { expect, test } from 'vitest';

import { JsonBeyondBounds, parseBoundedJson } from '../../src/oci/bounded-json.js';

test('JSON within the bounds is what JSON.parse makes of it, whatever its texts hold', () => {
  const value = { text: 'a"b\\', 'k,[{:': ['\\"', [{}], null, 1.5, true, '\\\\'], empty: '' };

  expect(parseBoundedJson(JSON.stringify(value, null, 2))).toEqual(value);
});

test.each([
  ['many empty lists', `[${'[],'.repeat(300_000)}[]]`],
  ['many numbers', `[${'0,'.repeat(300_000)}0]`],
  ['many keys', `{${'"a":0,'.repeat(200_000)}"b":0}`],
  ['many levels', `${'['.repeat(101)}${']'.repeat(101)}`],
])('JSON of %s is refused before it is taken apart', (_what, text) => {
  expect(() => parseBoundedJson(text)).toThrow(JsonBeyondBounds);
});

test.each([['{'], ['"'], ['"\\"'], [''], ['{"a":}'], ['[1,]']])('%j is no JSON', (text) => {
  expect(() => parseBoundedJson(text)).toThrow(SyntaxError);
});

test('commas and brackets in a text are no values', () => {
  const text = JSON.stringify({ text: ',[{:'.repeat(100_000) });

  expect(() => parseBoundedJson(text)).not.toThrow();
});
