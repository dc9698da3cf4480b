import { expect, test } from 'vitest';

import { JsonBeyondBounds, parseBoundedJson } from '../../src/oci/bounded-json.js';

test('JSON within the limits is parsed like JSON.parse, whatever its strings contain', () => {
  const value = { text: 'a"b\\', 'k,[{:': ['\\"', [{}], null, 1.5, true, '\\\\'], empty: '' };

  expect(parseBoundedJson(JSON.stringify(value, null, 2))).toEqual(value);
});

test.each([
  ['many empty lists', `[${'[],'.repeat(300_000)}[]]`],
  ['many numbers', `[${'0,'.repeat(300_000)}0]`],
  ['many keys', `{${'"a":0,'.repeat(200_000)}"b":0}`],
  ['many levels', `${'['.repeat(101)}${']'.repeat(101)}`],
])('JSON of %s is refused before it is parsed', (_what, text) => {
  expect(() => parseBoundedJson(text)).toThrow(JsonBeyondBounds);
});

test.each([['{'], ['"'], ['"\\"'], [''], ['{"a":}'], ['[1,]']])('%j is refused as invalid JSON', (text) => {
  expect(() => parseBoundedJson(text)).toThrow(SyntaxError);
});

test('commas and brackets in a string do not count as values', () => {
  const text = JSON.stringify({ text: ',[{:'.repeat(100_000) });

  expect(() => parseBoundedJson(text)).not.toThrow();
});
